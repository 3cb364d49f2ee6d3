#include "acme/jws.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>

#include <array>
#include <nlohmann/json.hpp>

#include "tls/openssl_error.h"
#include "wire/base64.h"

namespace transom::acme {
namespace {

constexpr int kCoordinate = 32;  // octets of a P-256 number

using NumberHandle = std::unique_ptr<BIGNUM, tls::FreeWith<BN_free>>;
using SignatureHandle = std::unique_ptr<ECDSA_SIG, tls::FreeWith<ECDSA_SIG_free>>;
using DigestHandle = std::unique_ptr<EVP_MD_CTX, tls::FreeWith<EVP_MD_CTX_free>>;

std::string padded(const BIGNUM* number) {
  std::string octets(kCoordinate, '\0');
  const int length = BN_bn2binpad(number, reinterpret_cast<unsigned char*>(octets.data()), kCoordinate);
  return length == kCoordinate ? octets : "";
}

/// "x" or "y" of a public key; empty where it has none of that size.
std::string coordinate(EVP_PKEY* key, const char* which) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, which, &number) != 1) return "";
  const NumberHandle owner(number);
  return padded(number);
}

/// OpenSSL's signature is DER; JWS wants the two numbers side by side (RFC 7518 section 3.4).
std::string raw_signature(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const SignatureHandle signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  return signature ? padded(ECDSA_SIG_get0_r(signature.get())) + padded(ECDSA_SIG_get0_s(signature.get())) : "";
}

Result<std::string> es256(EVP_PKEY* key, const std::string& text) {
  const tls::ErrorScope errors;
  const DigestHandle digest(EVP_MD_CTX_new());
  const auto* octets = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t length = 0;
  std::string der;
  bool done = digest && EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
              EVP_DigestSign(digest.get(), nullptr, &length, octets, text.size()) == 1;
  if (done) {
    der.resize(length);
    done =
        EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(der.data()), &length, octets, text.size()) == 1;
    der.resize(length);
  }
  const std::string raw = done ? raw_signature(der) : "";
  if (raw.size() != 2 * kCoordinate) return fail("cannot sign by the account's key: {}", tls::openssl_reason());
  return raw;
}

}  // namespace

std::string base64url(ByteSpan octets) {
  std::string text = wire::base64_encode(octets);
  text.erase(std::min(text.find('='), text.size()));
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

std::string base64url(std::string_view octets) { return base64url(as_bytes(octets)); }

std::string thumbprint_of(std::string_view canonical_jwk) {
  std::array<std::uint8_t, 32> digest{};
  EVP_Digest(canonical_jwk.data(), canonical_jwk.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return base64url(ByteSpan(digest));
}

Result<AccountKey> make_account_key(tls::KeyHandle key) {
  const tls::ErrorScope errors;
  std::array<char, 32> curve{};
  const bool named =
      EVP_PKEY_is_a(key.get(), "EC") && EVP_PKEY_get_group_name(key.get(), curve.data(), curve.size(), nullptr) == 1;
  if (!named || std::string_view(curve.data()) != "prime256v1") return fail("it is no key on the curve P-256");
  const std::string x = coordinate(key.get(), OSSL_PKEY_PARAM_EC_PUB_X);
  const std::string y = coordinate(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y);
  if (x.empty() || y.empty()) return fail("it is no whole key: {}", tls::openssl_reason());
  AccountKey account{std::move(key), "", ""};
  account.jwk = fmt::format(R"({{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}})", base64url(std::string_view(x)),
                            base64url(std::string_view(y)));
  account.thumbprint = thumbprint_of(account.jwk);
  return account;
}

Result<std::string> sign(const AccountKey& key, const Signed& content) {
  nlohmann::json header = {{"alg", "ES256"}, {"nonce", content.nonce}, {"url", content.url}};
  if (content.account.empty()) {
    header["jwk"] = nlohmann::json::parse(key.jwk, nullptr, false);
  } else {
    header["kid"] = content.account;
  }
  const std::string head = base64url(header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  const std::string payload = base64url(content.payload);
  const auto signature = es256(key.key.get(), head + "." + payload);
  if (!signature) return signature;
  return nlohmann::json{{"protected", head}, {"payload", payload}, {"signature", base64url(*signature)}}.dump();
}

std::string key_authorization(const std::string& token, const AccountKey& key) { return token + "." + key.thumbprint; }

}  // namespace transom::acme
