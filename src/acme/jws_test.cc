#include "acme/jws.h"

#include <gmock/gmock.h>
#include <openssl/ecdsa.h>

#include <nlohmann/json.hpp>

#include "pki/keys.h"
#include "wire/base64.h"

namespace transom::acme {
namespace {

using testing::HasSubstr;

tls::KeyHandle new_key(pki::KeyKind::Algorithm algorithm = pki::KeyKind::Algorithm::ec_p256) {
  return std::move(*pki::make_key({algorithm, 0}));
}

std::string decoded(std::string text) {
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  text.append((4 - text.size() % 4) % 4, '=');
  return wire::base64_decode(text).value_or("?");
}

TEST(Base64Url, HasNoPaddingAndItsOwnLetters) {
  EXPECT_EQ(base64url(std::string_view("")), "");
  EXPECT_EQ(base64url(std::string_view("\x00", 1)), "AA");
  EXPECT_EQ(base64url(std::string_view("\xfb\xff\xfe")), "-__-");
  EXPECT_EQ(base64url(std::string_view("ab")), "YWI");
}

TEST(Thumbprint, IsTheExampleOfRfc7638) {
  EXPECT_EQ(thumbprint_of(R"({"e":"AQAB","kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAt)"
                          R"(VT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lq)"
                          R"(t7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n)"
                          R"(91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur)"
                          R"(-kEgU8awapJzKnqDKgw"})"),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

TEST(AccountKey, IsOnTheCurveP256) {
  const auto key = make_account_key(new_key());
  ASSERT_TRUE(key);
  EXPECT_EQ(thumbprint_of(key->jwk), key->thumbprint);
  const auto jwk = nlohmann::json::parse(key->jwk);
  EXPECT_EQ(decoded(jwk["x"]).size(), 32u);
  EXPECT_EQ(jwk.dump(), key->jwk) << "canonical: sorted, without blanks";
  EXPECT_EQ(key_authorization("token", *key), "token." + key->thumbprint);
  EXPECT_THAT(make_account_key(new_key(pki::KeyKind::Algorithm::ec_p384)).error().message, HasSubstr("P-256"));
}

/// The signature of a request, as DER for OpenSSL.
std::string der_signature(const std::string& raw) {
  ECDSA_SIG* signature = ECDSA_SIG_new();
  const auto* octets = reinterpret_cast<const unsigned char*>(raw.data());
  ECDSA_SIG_set0(signature, BN_bin2bn(octets, 32, nullptr), BN_bin2bn(octets + 32, 32, nullptr));
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(signature, &der);
  const std::string text(reinterpret_cast<char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  ECDSA_SIG_free(signature);
  return text;
}

TEST(Jws, IsSignedByTheAccountsKey) {
  const auto key = make_account_key(new_key());
  ASSERT_TRUE(key);
  for (int i = 0; i < 50; ++i) {  // a number with a leading zero comes once in 128 times
    const auto body = sign(*key, {"https://ca/order", "nonce", "https://ca/account/1", R"({"a":1})"});
    ASSERT_TRUE(body);
    const auto json = nlohmann::json::parse(*body);
    const std::string head = json["protected"], payload = json["payload"], signature = decoded(json["signature"]);
    EXPECT_EQ(decoded(payload), R"({"a":1})");
    EXPECT_EQ(
        nlohmann::json::parse(decoded(head)),
        nlohmann::json(
            {{"alg", "ES256"}, {"kid", "https://ca/account/1"}, {"nonce", "nonce"}, {"url", "https://ca/order"}}));
    ASSERT_EQ(signature.size(), 64u);
    const std::string text = head + "." + payload, der = der_signature(signature);
    EVP_MD_CTX* digest = EVP_MD_CTX_new();
    EVP_DigestVerifyInit(digest, nullptr, EVP_sha256(), nullptr, key->key.get());
    EXPECT_EQ(EVP_DigestVerify(digest, reinterpret_cast<const unsigned char*>(der.data()), der.size(),
                               reinterpret_cast<const unsigned char*>(text.data()), text.size()),
              1);
    EVP_MD_CTX_free(digest);
  }
}

TEST(Jws, HoldsTheKeyWhereThereIsNoAccountAndNothingWhereNothingIsSent) {
  const auto key = make_account_key(new_key());
  const auto json = nlohmann::json::parse(*sign(*key, {"https://ca/new", "n", "", ""}));
  EXPECT_EQ(json["payload"], "");
  const auto head = nlohmann::json::parse(decoded(json["protected"]));
  EXPECT_EQ(head["jwk"].dump(), key->jwk);
  EXPECT_FALSE(head.contains("kid"));
}

}  // namespace
}  // namespace transom::acme
