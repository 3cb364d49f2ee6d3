#include "pki/inspect.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include "pki/faults.h"
#include "pki/keys.h"
#include "pki/self_signed.h"
#include "tls/test_support.h"

namespace transom::pki {
namespace {

using tls::test::authority_extensions;
using tls::test::ec_key;
using tls::test::issue;
using tls::test::require;
using tls::test::server_extensions;

constexpr std::int64_t kNow = 1'800'000'000;  // January 2027

std::vector<Artefact> of(const std::string& content, const std::string& passphrase = "") {
  return inspect(require(read_objects(content, "file", passphrase)), kNow);
}

std::string complaint(const std::string& content, const std::string& passphrase = "") {
  const auto found = read_objects(content, "file", passphrase);
  return found ? "none" : found.error().message;
}

std::string faults_of(const std::string& content) {
  std::string all;
  for (const Artefact& one : of(content)) {
    for (const std::string& fault : one.faults) all += fault + "\n";
  }
  return all;
}

std::string fact(const Artefact& one, const std::string& label) {
  for (const auto& [name, value] : one.facts) {
    if (name == label) return value;
  }
  return "none";
}

std::string self_signed_pem(const std::vector<std::string>& names, int days = 825) {
  const auto key = ec_key();
  return require(
      tls::certificate_pem(require(make_self_signed(require(parse_names(names)), key.get(), kNow, days)).get()));
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Inspect, WhatWeMakeHasNoFaults) {
  const auto pem = self_signed_pem({"host.example", "127.0.0.1"});
  const auto found = of(pem);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].title, "self-signed certificate CN=host.example");
  EXPECT_EQ(fact(found[0], "names"), "host.example, 127.0.0.1");
  EXPECT_EQ(fact(found[0], "for"), "servers");
  EXPECT_EQ(faults_of(pem), "");
}

TEST(Inspect, ALongNameStillMakesACertificate) {
  const std::string name = std::string(60, 'a') + "." + std::string(60, 'b') + ".example";
  EXPECT_EQ(of(self_signed_pem({name})).front().title, "self-signed certificate CN=self-signed");
}

TEST(Inspect, MailAddressesAreNotForServers) {
  const auto key = ec_key();
  const std::vector<std::string> words = {"joe@host.example"};
  EXPECT_FALSE(make_self_signed(require(parse_names(words)), key.get(), kNow, 1));
}

TEST(Inspect, DatesAreJudged) {
  const auto pem = self_signed_pem({"host.example"}, 10);
  const auto objects = require(read_objects(pem, "file", ""));
  EXPECT_TRUE(holds(inspect(objects, kNow + 12 * kDaySeconds).front().faults.front(), "It expired 2 days ago"));
  EXPECT_TRUE(
      holds(inspect(objects, kNow - 2 * kDaySeconds).front().faults.front(), "not valid yet, it begins in 1 day"));
  EXPECT_TRUE(holds(faults_of(self_signed_pem({"host.example"}, 826)), "valid for 826 days"));
}

TEST(Inspect, AnAuthorityIsNotJudgedAsAServer) {
  const auto root = issue("root", ec_key(), authority_extensions(), nullptr);
  EXPECT_EQ(faults_of(root.certificate_text), "");
  EXPECT_EQ(of(root.certificate_text).front().title, "root certificate CN=root");
}

/// As `openssl req -x509` made them for years.
TEST(Inspect, AServerThatIsAnAuthorityByTheWay) {
  const auto old = issue("host", ec_key(), {{NID_basic_constraints, "critical,CA:TRUE"}}, nullptr);
  const std::string faults = faults_of(old.certificate_text);
  for (const char* part : {"no subject alternative name", "CA:TRUE", "does not say what it is for", "Apple"}) {
    EXPECT_TRUE(holds(faults, part)) << part;
  }
}

TEST(Inspect, WeakKeysAreFaults) {
  const auto weak = issue("host", tls::test::rsa_key(1024), server_extensions("DNS:a"), nullptr, kNow, kNow + 1000);
  EXPECT_TRUE(holds(faults_of(weak.certificate_text), "An RSA key of 1024 bits"));
  EXPECT_TRUE(holds(faults_of(tls::test::dh_parameters(512)), "512 bits are too few"));
  const auto rare = require(tls::make_ec_key("P-521"));
  EXPECT_TRUE(holds(faults_of(require(tls::private_key_pem(rare.get()))), "P-521"));
}

TEST(Inspect, SealedKeysAreShownByTheirPassphrase) {
  const auto key = ec_key();
  const std::string sealed = require(key_pem(key.get(), "secret"));
  EXPECT_TRUE(needs_passphrase(sealed));
  EXPECT_EQ(of(sealed).front().title, "private key under a passphrase");
  EXPECT_EQ(of(sealed, "secret").front().title, "private key, ECDSA P-256");
  EXPECT_EQ(complaint(sealed, "wrong"),
            "file: block 1 (\"ENCRYPTED PRIVATE KEY\") cannot be opened: the passphrase is wrong");
  EXPECT_FALSE(needs_passphrase(require(key_pem(key.get(), ""))));
}

TEST(Inspect, WhatDoesNotFitTogetherIsSaid) {
  const auto root = issue("root", ec_key(), authority_extensions(), nullptr);
  const auto leaf = issue("leaf", ec_key(), server_extensions("DNS:a"), &root, kNow, kNow + 1000);
  EXPECT_EQ(faults_of(leaf.key_text + leaf.certificate_text + root.certificate_text), "");
  EXPECT_TRUE(holds(faults_of(root.key_text + leaf.certificate_text), "It belongs to none"));
  const auto other = issue("other", ec_key(), authority_extensions(), nullptr);
  EXPECT_TRUE(holds(faults_of(leaf.certificate_text + other.certificate_text), "transom cert bundle"));
}

TEST(Inspect, TextOfStrangersMovesNoCursor) {
  const auto odd = issue("a\x1b[2J\xc2\x9bz", ec_key(), {{NID_subject_alt_name, "DNS:x\x1b[31m"}}, nullptr);
  const auto shown = of(odd.certificate_text);
  std::string all = shown.front().title;
  for (const auto& [label, value] : shown.front().facts) all += value;
  EXPECT_EQ(all.find('\x1b'), std::string::npos);
  EXPECT_EQ(all.find('\x9b'), std::string::npos);
}

TEST(Inspect, GarbageIsRefusedWithItsPlace) {
  const std::string pem = self_signed_pem({"a.example"});
  EXPECT_TRUE(holds(complaint(""), "neither in PEM nor in DER"));
  EXPECT_TRUE(holds(complaint(pem.substr(0, 200)), "has no END line"));
  EXPECT_TRUE(holds(complaint(pem + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "block 2"));
  std::string many;
  for (int i = 0; i < 300; ++i) many += pem;
  EXPECT_EQ(complaint(many), "file holds more than 256 objects");
  EXPECT_TRUE(holds(complaint("-----BEGIN \x1b[2J-----\n-----END \x1b[2J-----\n"), "\"\\1B[2J\""));
}

/// Cut anywhere, DER is either not there or an error, and never a crash.
TEST(Inspect, DerIsWholeOrNothing) {
  const auto identity = tls::test::self_signed(ec_key());
  unsigned char* octets = nullptr;
  const int length = i2d_X509(identity.certificate.get(), &octets);
  const std::string der(reinterpret_cast<char*>(octets), static_cast<std::size_t>(length));
  OPENSSL_free(octets);
  EXPECT_EQ(of(der).size(), 1U);
  for (std::size_t cut = 0; cut < der.size(); cut += 7) EXPECT_NE(complaint(der.substr(0, cut)), "none");
  EXPECT_NE(complaint(der + "x"), "none");
}

}  // namespace
}  // namespace transom::pki
