#include "grade/suites.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <set>

#include "grade/groups.h"
#include "tls/handles.h"

namespace transom::grade {
namespace {

struct SuiteCase {
  std::uint16_t number;
  const char* name;
  int bits;
  SuiteAuth auth;
  bool forward_secret, aead, broken;
};

TEST(Suites, TraitsAreReadFromTheName) {
  const SuiteCase cases[] = {
      {0x1301, "TLS_AES_128_GCM_SHA256", 128, SuiteAuth::any, true, true, false},
      {0x1302, "TLS_AES_256_GCM_SHA384", 256, SuiteAuth::any, true, true, false},
      {0xC02B, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 128, SuiteAuth::ecdsa, true, true, false},
      {0xCCA8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", 256, SuiteAuth::rsa, true, true, false},
      {0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", 128, SuiteAuth::rsa, true, false, false},
      {0x002F, "TLS_RSA_WITH_AES_128_CBC_SHA", 128, SuiteAuth::rsa, false, false, false},
      {0xC0A1, "TLS_RSA_WITH_AES_256_CCM_8", 256, SuiteAuth::rsa, false, true, false},
      {0xC005, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA", 256, SuiteAuth::ecdsa, false, false, false},
      {0x0041, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA", 128, SuiteAuth::rsa, false, false, false},
      {0x000A, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", 112, SuiteAuth::rsa, false, false, true},
      {0x0005, "TLS_RSA_WITH_RC4_128_SHA", 128, SuiteAuth::rsa, false, false, true},
      {0x0007, "TLS_RSA_WITH_IDEA_CBC_SHA", 128, SuiteAuth::rsa, false, false, true},
      {0x0009, "TLS_RSA_WITH_DES_CBC_SHA", 56, SuiteAuth::rsa, false, false, true},
      {0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5", 40, SuiteAuth::rsa, false, false, true},
      {0x0006, "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5", 40, SuiteAuth::rsa, false, false, true},
      {0x0014, "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA", 40, SuiteAuth::rsa, true, false, true},
      {0x0064, "TLS_RSA_EXPORT1024_WITH_RC4_56_SHA", 56, SuiteAuth::rsa, false, false, true},
      {0x0002, "TLS_RSA_WITH_NULL_SHA", 0, SuiteAuth::rsa, false, false, true},
      {0xC0B4, "TLS_SHA256_SHA256", 0, SuiteAuth::any, true, false, true},
      {0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA", 128, SuiteAuth::none, false, false, true},
      {0xC018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", 128, SuiteAuth::none, false, false, true},
      {0xC102, "TLS_GOSTR341112_256_WITH_28147_CNT_IMIT", 256, SuiteAuth::other, false, false, false},
      {0x1A1A, "0x1A1A", 128, SuiteAuth::any, false, false, false},
  };
  for (const SuiteCase& expected : cases) {
    SCOPED_TRACE(expected.name);
    const SuiteTraits traits = suite_traits(expected.number);
    EXPECT_EQ(suite_name(expected.number), expected.name);
    EXPECT_EQ(traits.bits, expected.bits);
    EXPECT_EQ(traits.auth, expected.auth);
    EXPECT_EQ(traits.forward_secret, expected.forward_secret);
    EXPECT_EQ(traits.aead, expected.aead);
    EXPECT_EQ(traits.broken(), expected.broken);
  }
}

TEST(Suites, TheTableIsSortedAndNamesNothingTwice) {
  std::set<std::uint16_t> numbers;
  std::uint16_t last = 0;
  for (const Suite& suite : all_suites()) {
    EXPECT_GT(suite.number, last) << suite.name;
    last = suite.number;
    EXPECT_TRUE(numbers.insert(suite.number).second) << suite.name;
  }
  EXPECT_GT(numbers.size(), 200u);
}

/// The linked library is the oracle for what it knows: names, and bits but for 3DES.
TEST(Suites, AgreeWithTheLibrary) {
  const tls::ContextHandle context(SSL_CTX_new(TLS_client_method()));
  ASSERT_EQ(SSL_CTX_set_cipher_list(context.get(), "ALL:COMPLEMENTOFALL:!PSK:!SRP:@SECLEVEL=0"), 1);
  const STACK_OF(SSL_CIPHER)* known = SSL_CTX_get_ciphers(context.get());
  ASSERT_GT(sk_SSL_CIPHER_num(known), 50);
  for (int i = 0; i < sk_SSL_CIPHER_num(known); ++i) {
    const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(known, i);
    const SuiteTraits traits = suite_traits(SSL_CIPHER_get_protocol_id(cipher));
    EXPECT_EQ(suite_name(SSL_CIPHER_get_protocol_id(cipher)), SSL_CIPHER_standard_name(cipher));
    EXPECT_EQ(traits.bits, SSL_CIPHER_get_bits(cipher, nullptr)) << SSL_CIPHER_standard_name(cipher);
    EXPECT_EQ(traits.aead, SSL_CIPHER_is_aead(cipher) == 1) << SSL_CIPHER_standard_name(cipher);
    EXPECT_EQ(traits.anonymous, SSL_CIPHER_get_auth_nid(cipher) == NID_auth_null) << SSL_CIPHER_standard_name(cipher);
  }
}

TEST(Suites, FitTheirVersions) {
  EXPECT_TRUE(suite_fits(suite_traits(0x1301), Version::tls1_3));
  EXPECT_FALSE(suite_fits(suite_traits(0x1301), Version::tls1_2));
  EXPECT_FALSE(suite_fits(suite_traits(0xC02F), Version::tls1_3));
  EXPECT_TRUE(suite_fits(suite_traits(0xC02F), Version::tls1_2));
  EXPECT_FALSE(suite_fits(suite_traits(0xC02F), Version::tls1_1));
  EXPECT_FALSE(suite_fits(suite_traits(0x003C), Version::ssl3)) << "the hashes of SHA-2 came with TLS 1.2";
  EXPECT_TRUE(suite_fits(suite_traits(0x002F), Version::ssl3));
  EXPECT_FALSE(suite_fits(suite_traits(0x002F), Version::ssl2));
}

TEST(Groups, AreFoundByNumber) {
  EXPECT_EQ(group_name(0x001D), "x25519");
  EXPECT_EQ(group_name(0x11EC), "X25519MLKEM768");
  EXPECT_EQ(group_name(0x7777), "0x7777");
  EXPECT_EQ(find_group(0x0018)->bits, 384);
  EXPECT_TRUE(find_group(0x0100)->finite_field);
  EXPECT_EQ(find_group(0x7777), nullptr);
}

}  // namespace
}  // namespace transom::grade
