// PKCS #12 (RFC 7292): a key with its certificates in one file, as browsers and phones import it.
#pragma once
#include <string>

#include "base/result.h"
#include "tls/handles.h"

namespace transom::pki {

/// `key` with `leaf` and the `intermediate` above it, DER. Encrypted and sealed with the passphrase by what OpenSSL 3,
/// Firefox, Chromium, Windows since 10 and macOS since 12 read: AES-256-CBC, PBKDF2 and HMAC with SHA-256.
Result<std::string> make_pkcs12(EVP_PKEY* key, X509* leaf, X509* intermediate, const std::string& name,
                                const std::string& passphrase);

}  // namespace transom::pki
