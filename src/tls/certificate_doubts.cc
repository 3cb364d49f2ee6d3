#include "tls/certificate_doubts.h"

#include <openssl/ec.h>

#include "tls/certificate_info.h"

namespace transom::tls {
namespace {

void warn_of_dates(X509* certificate, const std::string& file, std::vector<std::string>& warnings) {
  const std::string subject = subject_name(certificate);
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
    warnings.push_back(
        fmt::format("{}: the certificate \"{}\" has expired; clients will refuse it, renew it", file, subject));
  }
  if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
    warnings.push_back(
        fmt::format("{}: the certificate \"{}\" is not valid yet; check this machine's clock", file, subject));
  }
}

bool has_alternative_names(X509* leaf) { return X509_get_ext_by_NID(leaf, NID_subject_alt_name, -1) >= 0; }

void warn_of_missing_names(X509* leaf, const std::string& file, std::vector<std::string>& warnings) {
  if (has_alternative_names(leaf)) return;
  warnings.push_back(fmt::format(
      "{}: the certificate has no subject alternative name; browsers ignore the common name and will refuse it (make "
      "one with: openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=HOST -addext "
      "subjectAltName=DNS:HOST -keyout key.pem -out certificate.pem)",
      file));
}

/// `hostnames` decides which certificate is sent, the client whether it is taken.
void warn_of_foreign_names(const CertificateConfig& config, X509* leaf, std::vector<std::string>& warnings) {
  for (const std::string& name : config.server_names) {
    const std::string tried = name.starts_with("*.") ? "any" + name.substr(1) : name;
    if (X509_check_host(leaf, tried.data(), tried.size(), 0, nullptr) == 1) continue;
    warnings.push_back(
        fmt::format("{}: the certificate does not hold the name \"{}\" of `hostnames`; clients that ask "
                    "for it will refuse it",
                    config.certificate_file, name));
  }
}

/// What RFC 8446 has signature schemes for, and browsers take.
bool is_common_key(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA")) return true;
  if (!EVP_PKEY_is_a(key, "EC")) return false;
  const std::string description = describe_key(key);
  return description == "ECDSA P-256" || description == "ECDSA P-384";
}

void warn_of_use(X509* leaf, const std::string& file, std::vector<std::string>& warnings) {
  EVP_PKEY* key = X509_get0_pubkey(leaf);
  if (!is_common_key(key)) {
    warnings.push_back(fmt::format("{}: many clients do not take {} keys; P-256, P-384 and RSA are taken by all", file,
                                   describe_key(key)));
  }
  if (X509_check_purpose(leaf, X509_PURPOSE_SSL_SERVER, 0) != 1) {
    warnings.push_back(
        fmt::format("{}: the certificate is not for servers; clients will refuse it (its extendedKeyUsage needs "
                    "serverAuth, its keyUsage digitalSignature)",
                    file));
  }
}

/// OpenSSL refuses these in a chain, but does not look at what is signed by itself.
void warn_of_signature(X509* leaf, const std::string& file, std::vector<std::string>& warnings) {
  int digest = NID_undef;
  if (X509_get_signature_info(leaf, &digest, nullptr, nullptr, nullptr) != 1) return;
  if (digest != NID_sha1 && digest != NID_md5) return;
  warnings.push_back(
      fmt::format("{}: the certificate is signed with {}, which is broken; clients will refuse it, have it "
                  "issued again with SHA-256",
                  file, digest == NID_sha1 ? "SHA-1" : "MD5"));
}

/// Whoever is issued by an intermediate says where to get it; roots seldom sign leafs, and then say nothing.
bool names_its_issuer(X509* leaf) {
  const std::unique_ptr<AUTHORITY_INFO_ACCESS, FreeWith<AUTHORITY_INFO_ACCESS_free>> access(
      static_cast<AUTHORITY_INFO_ACCESS*>(X509_get_ext_d2i(leaf, NID_info_access, nullptr, nullptr)));
  for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access.get()); ++i) {
    if (OBJ_obj2nid(sk_ACCESS_DESCRIPTION_value(access.get(), i)->method) == NID_ad_ca_issuers) return true;
  }
  return false;
}

void warn_of_gap(const Chain& chain, const std::string& file, std::vector<std::string>& warnings) {
  if (chain.issuer || !names_its_issuer(chain.leaf.get())) return;
  warnings.push_back(fmt::format(
      "{}: the chain is incomplete: the certificate that issued it is in no file, and clients that do not know it will "
      "refuse yours; append it to the file or name it in `chain_certificates`",
      file));
}

}  // namespace

void warn_of_doubts(const CertificateConfig& config, const Chain& chain, std::vector<std::string>& warnings) {
  X509* leaf = chain.leaf.get();
  const std::string& file = config.certificate_file;
  warn_of_dates(leaf, file, warnings);
  warn_of_missing_names(leaf, file, warnings);
  if (has_alternative_names(leaf)) warn_of_foreign_names(config, leaf, warnings);
  warn_of_use(leaf, file, warnings);
  warn_of_signature(leaf, file, warnings);
  warn_of_gap(chain, file, warnings);
  for (const LoadedCertificate& one : chain.above) warn_of_dates(one.certificate.get(), one.file, warnings);
}

}  // namespace transom::tls
