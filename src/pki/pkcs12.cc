#include "pki/pkcs12.h"

#include <openssl/pkcs12.h>

#include <memory>

#include "tls/openssl_error.h"

namespace transom::pki {
namespace {

using Pkcs12Handle = std::unique_ptr<PKCS12, tls::FreeWith<PKCS12_free>>;
using StackHandle = std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)>;

// As many as Windows and macOS make without a noticeable wait.
constexpr int kRounds = 100'000;

}  // namespace

Result<std::string> make_pkcs12(EVP_PKEY* key, X509* leaf, X509* intermediate, const std::string& name,
                                const std::string& passphrase) {
  if (passphrase.empty()) return fail("a .p12 file needs a passphrase: browsers do not import one without");
  const tls::ErrorScope errors;
  const StackHandle above(sk_X509_new_null(), [](STACK_OF(X509) * list) { sk_X509_free(list); });
  if (!above || sk_X509_push(above.get(), intermediate) == 0) return fail("out of memory");
  const Pkcs12Handle bundle(PKCS12_create(passphrase.c_str(), name.c_str(), key, leaf, above.get(), NID_aes_256_cbc,
                                          NID_aes_256_cbc, kRounds, -1, 0));
  if (!bundle || PKCS12_set_mac(bundle.get(), passphrase.c_str(), static_cast<int>(passphrase.size()), nullptr, 0,
                                kRounds, EVP_sha256()) != 1) {
    return fail("cannot make the .p12 file: {}", tls::openssl_reason());
  }
  unsigned char* octets = nullptr;
  const int length = i2d_PKCS12(bundle.get(), &octets);
  if (length <= 0) return fail("cannot make the .p12 file: {}", tls::openssl_reason());
  std::string der(reinterpret_cast<char*>(octets), static_cast<std::size_t>(length));
  OPENSSL_clear_free(octets, static_cast<std::size_t>(length));
  return der;
}

}  // namespace transom::pki
