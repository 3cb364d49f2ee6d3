// Signed requests (RFC 8555 section 6.2): JWS (RFC 7515) by ES256, the only algorithm we use.
#pragma once
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "tls/handles.h"

namespace transom::acme {

/// RFC 4648 section 5, without padding.
std::string base64url(ByteSpan octets);
std::string base64url(std::string_view octets);

/// Of a public key in the canonical form of RFC 7638: base64url of its SHA-256.
std::string thumbprint_of(std::string_view canonical_jwk);

/// A P-256 key as its account's server sees it.
struct AccountKey {
  tls::KeyHandle key;
  std::string jwk;         // RFC 7517, canonical
  std::string thumbprint;  // RFC 7638
};
Result<AccountKey> make_account_key(tls::KeyHandle key);

struct Signed {
  std::string url;      // that it is sent to
  std::string nonce;    // the server's
  std::string account;  // its URL (`kid`); empty: the key itself is sent, as `newAccount` wants it
  std::string payload;  // JSON; empty asks for a resource (POST-as-GET)
};
/// The body of the request: flattened JSON.
Result<std::string> sign(const AccountKey& key, const Signed& content);

/// RFC 8555 section 8.1.
std::string key_authorization(const std::string& token, const AccountKey& key);

}  // namespace transom::acme
