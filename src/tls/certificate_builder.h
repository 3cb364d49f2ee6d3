// Making certificates: what a local authority and the tests need.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "tls/handles.h"

namespace transom::tls {

/// What a new certificate says. Identifiers of the subject's and the issuer's key are added by themselves.
struct CertificateRequest {
  std::string common_name;
  std::int64_t not_before = 0;  // seconds since 1970
  std::int64_t not_after = 0;
  /// NIDs of extensions with values in the syntax of openssl's x509v3_config.
  std::vector<std::pair<int, std::string>> extensions;
};

/// Signs `key` (its public half) with `issuer_key`. A null `issuer` makes it self-signed. The serial number is random.
Result<CertificateHandle> make_certificate(const CertificateRequest& request, EVP_PKEY* key, X509* issuer,
                                           EVP_PKEY* issuer_key);

/// A new key on `curve`, e.g. "P-256".
Result<KeyHandle> make_ec_key(const char* curve);

Result<std::string> certificate_pem(X509* certificate);
/// PKCS #8, not encrypted.
Result<std::string> private_key_pem(EVP_PKEY* key);

}  // namespace transom::tls
