#include "acme/alpn_certificate.h"

#include <array>

#include "tls/acme_challenges.h"
#include "tls/certificate_builder.h"
#include "tls/openssl_error.h"

namespace transom::acme {
namespace {

constexpr char kAcmeIdentifier[] = "1.3.6.1.5.5.7.1.31";  // id-pe-acmeIdentifier
constexpr std::int64_t kSkewS = 86'400, kLifetimeS = 7 * 86'400;

using ObjectHandle = std::unique_ptr<ASN1_OBJECT, tls::FreeWith<ASN1_OBJECT_free>>;
using OctetsHandle = std::unique_ptr<ASN1_OCTET_STRING, tls::FreeWith<ASN1_OCTET_STRING_free>>;

/// Its value is the DER of an OCTET STRING of 32 octets.
tls::ExtensionHandle acme_identifier(const std::string& key_authorization) {
  std::array<unsigned char, 34> value{0x04, 0x20};
  EVP_Digest(key_authorization.data(), key_authorization.size(), value.data() + 2, nullptr, EVP_sha256(), nullptr);
  const ObjectHandle object(OBJ_txt2obj(kAcmeIdentifier, 1));
  const OctetsHandle octets(ASN1_OCTET_STRING_new());
  if (!object || !octets) return nullptr;
  if (ASN1_OCTET_STRING_set(octets.get(), value.data(), static_cast<int>(value.size())) != 1) return nullptr;
  return tls::ExtensionHandle(X509_EXTENSION_create_by_OBJ(nullptr, object.get(), 1, octets.get()));
}

/// A client that offers anything else is refused.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* length, const unsigned char* offered,
                    unsigned int offered_length, void*) {
  const std::string_view list(reinterpret_cast<const char*>(offered), offered_length);
  const auto& name = tls::kAcmeProtocol;
  if (list.size() != name.size() + 1 || list[0] != static_cast<char>(name.size()) || list.substr(1) != name) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = offered + 1;
  *length = static_cast<unsigned char>(name.size());
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Result<tls::CertificateHandle> make_alpn_certificate(const std::string& name, const std::string& key_authorization,
                                                     std::int64_t now, EVP_PKEY* key) {
  tls::CertificateRequest request;
  request.common_name = "ACME challenge";
  request.not_before = now - kSkewS;
  request.not_after = now + kLifetimeS;
  request.extensions = {{NID_subject_alt_name, "DNS:" + name}};
  auto certificate = tls::make_certificate(request, key, nullptr, key);
  if (!certificate) return certificate;
  const tls::ErrorScope errors;
  const auto identifier = acme_identifier(key_authorization);
  const bool done = identifier && X509_add_ext(certificate->get(), identifier.get(), -1) == 1 &&
                    X509_sign(certificate->get(), key, EVP_sha256()) > 0;
  if (!done) return fail("cannot make the certificate for a tls-alpn-01 challenge: {}", tls::openssl_reason());
  return certificate;
}

Result<std::shared_ptr<SSL_CTX>> make_alpn_context(const std::string& name, const std::string& key_authorization,
                                                   std::int64_t now) {
  const auto key = tls::make_ec_key("P-256");
  if (!key) return tl::make_unexpected(key.error());
  const auto certificate = make_alpn_certificate(name, key_authorization, now, key->get());
  if (!certificate) return tl::make_unexpected(certificate.error());
  const tls::ErrorScope errors;
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  const bool done = context && SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) == 1 &&
                    SSL_CTX_use_certificate(context.get(), certificate->get()) == 1 &&
                    SSL_CTX_use_PrivateKey(context.get(), key->get()) == 1;
  if (!done) return fail("cannot answer a tls-alpn-01 challenge: {}", tls::openssl_reason());
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  return context;
}

}  // namespace transom::acme
