#include "pki/keys.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>

namespace transom::pki {
namespace {

tls::KeyHandle made(KeyKind kind = {}) {
  auto key = make_key(kind);
  EXPECT_TRUE(key.has_value());
  return std::move(*key);
}

TEST(Keys, AreWrittenAndReadAgain) {
  for (const KeyKind kind : {KeyKind{}, KeyKind{KeyKind::Algorithm::ec_p384}, KeyKind{KeyKind::Algorithm::rsa, 2048}}) {
    const auto key = made(kind);
    for (const std::string passphrase : {"", "correct horse"}) {
      const auto pem = key_pem(key.get(), passphrase);
      ASSERT_TRUE(pem.has_value());
      EXPECT_EQ(is_encrypted_key(*pem), !passphrase.empty());
      const auto again = read_key(*pem, "key.pem", passphrase);
      ASSERT_TRUE(again.has_value()) << again.error().message;
      EXPECT_EQ(EVP_PKEY_eq(key.get(), again->get()), 1);
    }
  }
}

TEST(Keys, AWrongPassphraseIsSaidSo) {
  const auto pem = key_pem(made().get(), "right");
  ASSERT_TRUE(pem.has_value());
  EXPECT_EQ(read_key(*pem, "k", "wrong").error().message, "k is encrypted and the passphrase is wrong");
  EXPECT_EQ(read_key(*pem, "k", "").error().message, "k is encrypted: its passphrase is needed");
  EXPECT_FALSE(read_key("nothing", "k", "x").has_value());
  EXPECT_FALSE(read_key("", "k", "x").has_value());
}

TEST(Keys, ReadsDer) {
  const auto key = made();
  unsigned char* der = nullptr;
  const int length = i2d_PrivateKey(key.get(), &der);
  ASSERT_GT(length, 0);
  const std::string content(reinterpret_cast<char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  EXPECT_TRUE(read_key(content, "k", "").has_value());
}

TEST(Keys, RefusesUnsafeSizes) {
  EXPECT_FALSE(make_key({KeyKind::Algorithm::rsa, 1024}).has_value());
  EXPECT_FALSE(make_key({KeyKind::Algorithm::rsa, 65536}).has_value());
}

}  // namespace
}  // namespace transom::pki
