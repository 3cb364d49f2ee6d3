#include "tls/certificate_builder.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "tls/openssl_error.h"

namespace transom::tls {
namespace {

constexpr std::size_t serial_octets = 16;

/// 126 random bits behind a leading 01: never zero, never negative, always the same length.
bool set_serial(X509* certificate) {
  unsigned char octets[serial_octets];
  if (RAND_bytes(octets, sizeof octets) != 1) return false;
  octets[0] = static_cast<unsigned char>((octets[0] & 0x7f) | 0x40);
  const std::unique_ptr<BIGNUM, FreeWith<BN_free>> number(BN_bin2bn(octets, sizeof octets, nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_names(X509* certificate, const std::string& common_name, X509* issuer) {
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto* text = reinterpret_cast<const unsigned char*>(common_name.data());
  if (!common_name.empty() &&
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, static_cast<int>(common_name.size()), -1, 0) != 1) {
    return false;
  }
  return X509_set_issuer_name(certificate, issuer == nullptr ? name : X509_get_subject_name(issuer)) == 1;
}

bool set_times(X509* certificate, const CertificateRequest& request) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate), request.not_before) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), request.not_after) != nullptr;
}

bool add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer == nullptr ? certificate : issuer, certificate, nullptr, nullptr, 0);
  const ExtensionHandle extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

/// The subject's identifier first: that of a self-signed certificate's issuer is taken from it.
bool add_extensions(X509* certificate, X509* issuer, const CertificateRequest& request) {
  if (!add_extension(certificate, issuer, NID_subject_key_identifier, "hash")) return false;
  if (!add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always")) return false;
  for (const auto& [nid, value] : request.extensions) {
    if (!add_extension(certificate, issuer, nid, value.c_str())) return false;
  }
  return true;
}

/// The hash that is as strong as the signing key.
const EVP_MD* digest_for(EVP_PKEY* key) { return EVP_PKEY_get_bits(key) == 384 ? EVP_sha384() : EVP_sha256(); }

template <typename Write>
Result<std::string> to_pem(Write write) {
  const ErrorScope errors;
  const BioHandle out(BIO_new(BIO_s_secmem()));
  if (!out || write(out.get()) != 1) return fail("cannot write PEM: {}", openssl_reason());
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

}  // namespace

Result<CertificateHandle> make_certificate(const CertificateRequest& request, EVP_PKEY* key, X509* issuer,
                                           EVP_PKEY* issuer_key) {
  const ErrorScope errors;
  CertificateHandle made(X509_new());
  const bool done = made && X509_set_version(made.get(), X509_VERSION_3) == 1 && set_serial(made.get()) &&
                    set_names(made.get(), request.common_name, issuer) && set_times(made.get(), request) &&
                    X509_set_pubkey(made.get(), key) == 1 && add_extensions(made.get(), issuer, request) &&
                    X509_sign(made.get(), issuer_key, digest_for(issuer_key)) > 0;
  if (!done) return fail("cannot make a certificate for \"{}\": {}", request.common_name, openssl_reason());
  return made;
}

Extensions authority_extensions(int path_length, const std::string& purposes, const std::string& constraints) {
  Extensions all = {{NID_basic_constraints, fmt::format("critical,CA:TRUE,pathlen:{}", path_length)},
                    {NID_key_usage, "critical,digitalSignature,keyCertSign,cRLSign"}};
  if (!purposes.empty()) all.emplace_back(NID_ext_key_usage, purposes);
  if (!constraints.empty()) all.emplace_back(NID_name_constraints, constraints);
  return all;
}

Extensions leaf_extensions(const std::string& names, const std::string& purposes, EVP_PKEY* key) {
  const bool rsa = EVP_PKEY_is_a(key, "RSA") != 0;
  return {{NID_basic_constraints, "critical,CA:FALSE"},
          {NID_key_usage, rsa ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature"},
          {NID_ext_key_usage, purposes},
          {NID_subject_alt_name, names}};
}

std::string short_key_id(EVP_PKEY* key) {
  unsigned char* encoded = nullptr;
  const int length = i2d_PUBKEY(key, &encoded);
  if (length <= 0) return "";
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(encoded, static_cast<std::size_t>(length), digest);
  OPENSSL_free(encoded);
  return fmt::format("{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2]);
}

bool signed_by(X509* certificate, X509* issuer) {
  const ErrorScope errors;
  return X509_check_issued(issuer, certificate) == X509_V_OK && X509_verify(certificate, X509_get0_pubkey(issuer)) == 1;
}

Result<KeyHandle> make_ec_key(const char* curve) {
  const ErrorScope errors;
  KeyHandle key(EVP_EC_gen(curve));
  if (!key) return fail("cannot make a key on curve {}: {}", curve, openssl_reason());
  return key;
}

Result<std::string> certificate_pem(X509* certificate) {
  return to_pem([certificate](BIO* out) { return PEM_write_bio_X509(out, certificate); });
}

Result<std::string> private_key_pem(EVP_PKEY* key) {
  return to_pem(
      [key](BIO* out) { return PEM_write_bio_PKCS8PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

}  // namespace transom::tls
