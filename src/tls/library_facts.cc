#include "tls/library_facts.h"

#include <dlfcn.h>
#include <openssl/crypto.h>
#include <openssl/opensslv.h>
#include <openssl/ssl.h>

#include <cstdlib>
#include <memory>

namespace transom::tls {
namespace {

/// The file whose mapping holds `data`, without symlinks. Data, since the address of a function may be that of a stub
/// in the program.
std::string file_of(const void* data) {
  Dl_info info{};
  if (dladdr(data, &info) == 0 || info.dli_fname == nullptr) return "unknown";
  const std::unique_ptr<char, decltype(&std::free)> path(realpath(info.dli_fname, nullptr), &std::free);
  return path ? path.get() : info.dli_fname;
}

bool has_group(const char* name) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_method()), &SSL_CTX_free);
  return context && SSL_CTX_set1_groups_list(context.get(), name) == 1;
}

}  // namespace

LibraryFacts library_facts() {
  LibraryFacts facts;
  facts.compiled_version = OPENSSL_VERSION_TEXT;
  facts.running_version = OpenSSL_version(OPENSSL_VERSION);
  facts.ssl_file = file_of(TLS_method());
  facts.crypto_file = file_of(OpenSSL_version(OPENSSL_VERSION));
  facts.has_hybrid_group = has_group("X25519MLKEM768");
  return facts;
}

}  // namespace transom::tls
