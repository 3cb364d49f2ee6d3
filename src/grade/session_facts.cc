#include "grade/session_facts.h"

#include "tls/openssl_error.h"

namespace transom::grade {
namespace {

constexpr char kSuites[] = "ALL:!aNULL:@SECLEVEL=0";
constexpr char kAnonymousSuites[] = "ALL:eNULL:@SECLEVEL=0";
constexpr char kEcdsa[] = "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:ECDSA+SHA1";
constexpr char kRsa[] =
    "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:rsa_pss_pss_sha256:rsa_pss_pss_sha384:"
    "rsa_pss_pss_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512:RSA+SHA1";

Octets encoded(X509* certificate) {
  unsigned char* der = nullptr;
  const int length = i2d_X509(certificate, &der);
  Octets octets(der, der + std::max(length, 0));
  OPENSSL_free(der);
  return octets;
}

void read_group(SSL* ssl, SessionFacts& facts) {
  EVP_PKEY* key = nullptr;
  if (SSL_get_peer_tmp_key(ssl, &key) != 1) return;
  const tls::KeyHandle owner(key);
  char curve[64] = "";
  std::size_t length = 0;
  facts.group_bits = EVP_PKEY_get_bits(key);
  if (EVP_PKEY_get_group_name(key, curve, sizeof curve, &length) == 1) {
    facts.group = curve;
  } else if (const char* type = EVP_PKEY_get0_type_name(key)) {
    facts.group = type;
  }
}

}  // namespace

Result<tls::ContextHandle> make_scan_context() {
  const tls::ErrorScope errors;
  tls::ContextHandle context(SSL_CTX_new(TLS_client_method()));
  if (!context) return fail("cannot set up TLS: {}", tls::openssl_reason());
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), 0);
  SSL_CTX_set_max_proto_version(context.get(), 0);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_options(context.get(), SSL_OP_LEGACY_SERVER_CONNECT);
  if (SSL_CTX_set_cipher_list(context.get(), kSuites) != 1) return fail("cannot set up TLS: {}", tls::openssl_reason());
  return context;
}

void prepare_scan(SSL* ssl, WantedKey key, bool anonymous) {
  const tls::ErrorScope errors;
  SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp);
  if (anonymous) SSL_set_cipher_list(ssl, kAnonymousSuites);
  if (key != WantedKey::any) SSL_set1_sigalgs_list(ssl, key == WantedKey::ecdsa ? kEcdsa : kRsa);
}

SessionFacts session_facts(SSL* ssl) {
  const tls::ErrorScope errors;
  SessionFacts facts;
  facts.version = SSL_get_version(ssl);
  const SSL_CIPHER* suite = SSL_get_current_cipher(ssl);
  if (suite != nullptr) facts.suite = SSL_CIPHER_standard_name(suite);
  read_group(ssl, facts);
  const STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl);
  for (int i = 0; i < sk_X509_num(chain); ++i) facts.chain.push_back(encoded(sk_X509_value(chain, i)));
  const unsigned char* staple = nullptr;
  const long length = SSL_get_tlsext_status_ocsp_resp(ssl, &staple);
  if (staple != nullptr && length > 0) facts.staple = Octets(staple, staple + length);
  return facts;
}

}  // namespace transom::grade
