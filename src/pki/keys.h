// Private keys: making them, writing them with or without a passphrase, reading them back.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "tls/certificate_info.h"
#include "tls/handles.h"

namespace transom::pki {

struct KeyKind {
  enum class Algorithm { ec_p256, ec_p384, rsa } algorithm = Algorithm::ec_p256;
  int rsa_bits = 0;  // 2048 to 8192, for rsa
};

Result<tls::KeyHandle> make_key(const KeyKind& kind);

/// PKCS #8 PEM; with a passphrase encrypted by AES-256-CBC under PBKDF2 (HMAC-SHA-256, 600,000 rounds).
Result<std::string> key_pem(EVP_PKEY* key, std::string_view passphrase);

/// A private key, PEM or DER, encrypted or not, in any of the forms OpenSSL knows. `what` names it in messages. An
/// empty `passphrase` where one is needed, and a wrong one, are errors that say so.
Result<tls::KeyHandle> read_key(const std::string& content, const std::string& what, const std::string& passphrase);

/// Whether `content` is a key that cannot be read without its passphrase.
bool is_encrypted_key(const std::string& content);

using tls::describe_key;

}  // namespace transom::pki
