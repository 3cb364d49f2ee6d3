#include "tls/key_file.h"

#include <gmock/gmock.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <unistd.h>

#include "tls/pem_file.h"
#include "tls/test_support.h"

namespace transom::tls {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string encrypted(EVP_PKEY* key, const std::string& passphrase) {
  const BioHandle out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(out.get(), key, EVP_aes_256_cbc(), passphrase.data(),
                                static_cast<int>(passphrase.size()), nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

class KeyFileTest : public ::testing::Test {
 protected:
  void SetUp() override { config_.key_file = files_.write("key.pem", encrypted(key_.get(), "open sesame")); }
  void TearDown() override {
    ::unsetenv("TRANSOM_TEST_PASSPHRASE");
    ::unsetenv("CREDENTIALS_DIRECTORY");
    EXPECT_EQ(ERR_peek_error(), 0u) << "an error was left in OpenSSL's queue";
  }
  Result<KeyHandle> load(const KeyRules& rules = KeyPermissions::refuse) { return load_key(config_, rules, warnings_); }
  std::string refusal() {
    const auto key = load();
    return key ? "it was accepted" : key.error().message;
  }
  void expect_opened() {
    const auto key = load();
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(EVP_PKEY_eq(key->get(), key_.get()), 1);
  }

  test::TemporaryDirectory files_;
  KeyHandle key_ = test::ec_key();
  CertificateConfig config_;
  std::vector<std::string> warnings_;
};

TEST_F(KeyFileTest, TextInUtf16GetsItsOwnRemedy) {
  const std::string utf16 = std::string("\xff\xfe") + std::string("-\0-\0-\0", 6);
  config_.key_file = files_.write("key.pem", utf16);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("text in UTF-16"), HasSubstr("iconv -f UTF-16 -t ASCII")));
  EXPECT_THAT(parse_certificates(utf16, "c.pem").error().message, HasSubstr("iconv -f UTF-16 -t ASCII c.pem"));
  EXPECT_THAT(parse_certificates("\x30\x82", "c.der").error().message, HasSubstr("openssl x509 -inform DER"));
}

TEST_F(KeyFileTest, ThePassphraseComesFromAFile) {
  config_.passphrase = {PassphraseSource::From::file, files_.write("secret", "open sesame\r\nnot this\n")};
  expect_opened();
  files_.write("secret", "\nopen sesame\n");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("secret"), HasSubstr("empty first line")));
  config_.passphrase.name = files_.path("none");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("passphrase file"), HasSubstr("No such file")));
}

TEST_F(KeyFileTest, ThePassphraseComesFromACredential) {
  config_.passphrase = {PassphraseSource::From::credential, "tls_key"};
  EXPECT_THAT(refusal(), AllOf(HasSubstr("LoadCredential=tls_key:"), HasSubstr("key.pem")));
  files_.write("tls_key", "open sesame");
  ::setenv("CREDENTIALS_DIRECTORY", files_.path("").c_str(), 1);
  expect_opened();
  config_.passphrase.name = "another";
  EXPECT_THAT(refusal(), HasSubstr("another"));
}

TEST_F(KeyFileTest, ThePassphraseComesFromTheEnvironment) {
  config_.passphrase = {PassphraseSource::From::environment, "TRANSOM_TEST_PASSPHRASE"};
  EXPECT_THAT(refusal(), AllOf(HasSubstr("TRANSOM_TEST_PASSPHRASE"), HasSubstr("not set")));
  ::setenv("TRANSOM_TEST_PASSPHRASE", "", 1);
  EXPECT_THAT(refusal(), HasSubstr("empty"));
  ::setenv("TRANSOM_TEST_PASSPHRASE", "open sesame", 1);
  expect_opened();
}

TEST_F(KeyFileTest, AWrongPassphraseIsNotRepeated) {
  config_.passphrase = {PassphraseSource::From::file, files_.write("secret", "open barley")};
  EXPECT_THAT(refusal(), AllOf(HasSubstr("cannot be opened with the passphrase"), HasSubstr("key.pem")));
  EXPECT_EQ(refusal().find("barley"), std::string::npos);
  files_.write("secret", std::string(5000, 'x'));
  EXPECT_THAT(refusal(), HasSubstr("longer than"));
  config_.passphrase = {};
  EXPECT_THAT(refusal(), AllOf(HasSubstr("is encrypted"), HasSubstr("key_passphrase")));
}

TEST_F(KeyFileTest, APlainKeyNeedsNoPassphrase) {
  files_.write("key.pem", test::require(private_key_pem(key_.get())));
  config_.passphrase = {PassphraseSource::From::file, files_.write("secret", "open sesame")};
  expect_opened();
}

TEST_F(KeyFileTest, WhatOthersCanReadIsRefused) {
  files_.write("key.pem", test::require(private_key_pem(key_.get())));
  std::filesystem::permissions(config_.key_file, std::filesystem::perms(0640));
  expect_opened();
  EXPECT_THAT(warnings_, IsEmpty());
  std::filesystem::permissions(config_.key_file, std::filesystem::perms(0644));
  EXPECT_THAT(refusal(), AllOf(HasSubstr("read by everyone"), HasSubstr("chmod 600 " + config_.key_file)));
  EXPECT_TRUE(load(KeyPermissions::warn));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("chmod 600 " + config_.key_file)));
  std::filesystem::permissions(config_.key_file, std::filesystem::perms(0602));
  EXPECT_THAT(refusal(), HasSubstr("written by everyone"));
  std::filesystem::permissions(config_.key_file, std::filesystem::perms(0600));
  config_.passphrase = {PassphraseSource::From::file, files_.write("secret", "open sesame")};
  std::filesystem::permissions(files_.path("secret"), std::filesystem::perms(0604));
  EXPECT_THAT(refusal(), AllOf(HasSubstr("the passphrase file"), HasSubstr("chmod 600 " + files_.path("secret"))));
}

TEST_F(KeyFileTest, WhatBelongsToSomebodyElseIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  files_.write("key.pem", test::require(private_key_pem(key_.get())));
  ASSERT_EQ(::chown(config_.key_file.c_str(), 12345, 12345), 0);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("belongs to user id 12345"), HasSubstr("chown 0 ")));
  EXPECT_TRUE(load(KeyPermissions::warn));
  EXPECT_TRUE(load({KeyPermissions::refuse, 12345})) << "the node will change to that user";
  EXPECT_FALSE(load({KeyPermissions::refuse, 12346}));
}

}  // namespace
}  // namespace transom::tls
