// Making certificates: what a local authority and the tests need.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "tls/handles.h"

namespace transom::tls {

/// NIDs of extensions with values in the syntax of openssl's x509v3_config.
using Extensions = std::vector<std::pair<int, std::string>>;

/// What a new certificate says. Identifiers of the subject's and the issuer's key are added by themselves.
struct CertificateRequest {
  std::string common_name;      // empty: the subject is empty, and the alternative names have to be critical
  std::int64_t not_before = 0;  // seconds since 1970
  std::int64_t not_after = 0;
  Extensions extensions;
};

/// Of an authority below which `path_length` further ones may stand. `purposes` ("serverAuth") and `constraints`
/// ("critical,permitted;DNS:...") may be empty: then there are no such limits.
Extensions authority_extensions(int path_length, const std::string& purposes, const std::string& constraints);
/// Of a certificate that vouches for nobody else; `names` are its alternative names ("DNS:localhost").
Extensions leaf_extensions(const std::string& names, const std::string& purposes, EVP_PKEY* key);

/// Six hexadecimal digits that tell a key from others, so that two authorities of one name look different in a list.
std::string short_key_id(EVP_PKEY* key);

/// Whether `issuer` is named as the issuer of `certificate` and has signed it.
bool signed_by(X509* certificate, X509* issuer);

/// Signs `key` (its public half) with `issuer_key`. A null `issuer` makes it self-signed. The serial number is random.
Result<CertificateHandle> make_certificate(const CertificateRequest& request, EVP_PKEY* key, X509* issuer,
                                           EVP_PKEY* issuer_key);

/// A new key on `curve`, e.g. "P-256".
Result<KeyHandle> make_ec_key(const char* curve);

Result<std::string> certificate_pem(X509* certificate);
/// PKCS #8, not encrypted.
Result<std::string> private_key_pem(EVP_PKEY* key);

}  // namespace transom::tls
