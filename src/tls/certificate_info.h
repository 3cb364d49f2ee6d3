// What people and programs want to know of a certificate.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tls/handles.h"

namespace transom::tls {

struct CertificateInfo {
  std::string subject;  // RFC 2253, e.g. "CN=localhost"
  std::string issuer;
  std::int64_t not_before = 0;  // seconds since 1970
  std::int64_t not_after = 0;
  std::string key;                     // "ECDSA P-256", "RSA 2048"
  std::string sha256_fingerprint;      // "AB:CD:...", as browsers show it
  std::vector<std::string> dns_names;  // of the subject alternative names
  std::vector<std::string> ip_addresses;
};

/// About the first certificate in `pem`.
Result<CertificateInfo> certificate_info(const std::string& pem);
Result<CertificateInfo> certificate_info(X509* certificate);

std::string subject_name(X509* certificate);
/// "ECDSA P-256", "RSA 2048".
std::string describe_key(EVP_PKEY* key);
/// RFC 2253.
std::string name_text(const X509_NAME* name);
/// Of the whole certificate, "AB:CD:..."; `digest` is EVP_sha256() or, for old forms, EVP_sha1().
std::string fingerprint(const X509* certificate, const EVP_MD* digest);
/// "127.0.0.1" or "::1"; empty for what is no address.
std::string address_text(const ASN1_OCTET_STRING* address);
/// Seconds since 1970.
std::int64_t seconds_of(const ASN1_TIME* time);

}  // namespace transom::tls
