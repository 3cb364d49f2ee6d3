#include "tls/client_context.h"

#include "tls/openssl_error.h"
#include "tls/pem_file.h"
#include "tls/policy.h"

namespace transom::tls {
namespace {

constexpr unsigned char protocols[] = "\x08http/1.1";

Status trust_file(SSL_CTX* context, const std::string& ca_file) {
  const auto pem = read_pem_file(ca_file, "CA", max_pem_octets, FileKinds::any);
  if (!pem) return tl::make_unexpected(pem.error());
  const auto roots = parse_certificates(*pem, ca_file);
  if (!roots) return tl::make_unexpected(roots.error());
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const LoadedCertificate& root : *roots) {
    if (X509_STORE_add_cert(store, root.certificate.get()) != 1) return fail("{}: {}", ca_file, openssl_reason());
  }
  return {};
}

}  // namespace

Result<ContextHandle> make_client_context(const std::string& ca_file) {
  const ErrorScope errors;
  ContextHandle context(SSL_CTX_new(TLS_client_method()));
  if (!context) return fail("cannot set up TLS: {}", openssl_reason());
  if (auto status = apply_policy(context.get(), default_policy()); !status) return tl::make_unexpected(status.error());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_set_alpn_protos(context.get(), protocols, sizeof protocols - 1) != 0) return fail("out of memory");
  if (ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(context.get()) == 1) return context;
    return fail("cannot load the system's certificate authorities: {}", openssl_reason());
  }
  if (auto status = trust_file(context.get(), ca_file); !status) return tl::make_unexpected(status.error());
  return context;
}

}  // namespace transom::tls
