#include "grade/certificate_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "grade/session_facts.h"
#include "tls/test_support.h"

namespace transom::grade {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using tls::test::Identity;

constexpr std::int64_t kNow = 1'767'225'600;  // 2026-01-01

Octets der(const Identity& identity) {
  unsigned char* data = nullptr;
  const int length = i2d_X509(identity.certificate.get(), &data);
  Octets octets(data, data + length);
  OPENSSL_free(data);
  return octets;
}

class ChainTest : public ::testing::Test {
 protected:
  ChainTest() { trust(root_); }
  void trust(const Identity& identity) { X509_STORE_add_cert(store_.get(), identity.certificate.get()); }
  ChainFacts judge(const std::vector<Octets>& chain, const std::string& host = "example.com",
                   const std::vector<Octets>& extra = {}) {
    return tls::test::require(judge_chain(chain, extra, store_.get(), host, kNow));
  }
  Identity leaf(std::int64_t from = tls::test::epoch_2020, std::int64_t to = tls::test::epoch_2100) {
    tls::test::Extensions extensions = tls::test::server_extensions("DNS:example.com,DNS:*.example.org,IP:192.0.2.1");
    extensions.emplace_back(NID_info_access, "caIssuers;URI:http://ca.example/issuer.der");
    return tls::test::issue("leaf", tls::test::ec_key(), extensions, &middle_, from, to);
  }

  StoreHandle store_{X509_STORE_new()};
  Identity root_ = tls::test::issue("root", tls::test::ec_key(), tls::test::authority_extensions(), nullptr);
  Identity middle_ = tls::test::issue("middle", tls::test::ec_key(), tls::test::authority_extensions(), &root_);
};

TEST_F(ChainTest, AGoodChain) {
  const ChainFacts facts = judge({der(leaf()), der(middle_)});
  EXPECT_TRUE(facts.trusted());
  EXPECT_TRUE(facts.name_matches);
  EXPECT_FALSE(facts.incomplete || facts.expired || facts.unknown_issuer);
  ASSERT_EQ(facts.certificates.size(), 2u);
  const CertificateFacts& first = facts.certificates[0];
  EXPECT_EQ(first.key_type, "EC");
  EXPECT_EQ(first.key_bits, 256);
  EXPECT_EQ(first.curve, "prime256v1");
  EXPECT_EQ(first.signature, "ecdsa-with-SHA256");
  EXPECT_EQ(first.signature_hash, "SHA256");
  EXPECT_EQ(issuer_url(der(leaf())), "http://ca.example/issuer.der");
  EXPECT_EQ(issuer_url(der(middle_)), "");
  EXPECT_FALSE(first.self_signed || first.exponent_one);
  EXPECT_TRUE(judge({der(leaf()), der(middle_), der(root_)}).certificates[2].self_signed);
}

TEST_F(ChainTest, Names) {
  const std::vector<Octets> chain = {der(leaf()), der(middle_)};
  for (const char* host : {"EXAMPLE.com", "a.example.org", "192.0.2.1"})
    EXPECT_TRUE(judge(chain, host).name_matches) << host;
  for (const char* host : {"leaf", "example.org", "a.b.example.org", "192.0.2.2", "localhost"}) {
    EXPECT_FALSE(judge(chain, host).name_matches) << host;
  }
}

TEST_F(ChainTest, Dates) {
  const ChainFacts late = judge({der(leaf(tls::test::epoch_2020, kNow - 1)), der(middle_)});
  EXPECT_TRUE(late.expired);
  EXPECT_THAT(late.problems, ElementsAre("certificate has expired"));
  const ChainFacts early = judge({der(leaf(kNow + 100)), der(middle_)});
  EXPECT_TRUE(early.not_yet_valid);
  EXPECT_FALSE(early.trusted());
}

TEST_F(ChainTest, WhatWasNotSent) {
  const ChainFacts alone = judge({der(leaf())});
  EXPECT_TRUE(alone.unknown_issuer);
  EXPECT_THAT(alone.problems, ElementsAre("unable to get local issuer certificate"));
  const ChainFacts fetched = judge({der(leaf())}, "example.com", {der(middle_)});
  EXPECT_TRUE(fetched.trusted() && fetched.incomplete);
  trust(middle_);
  const ChainFacts known = judge({der(leaf())});
  EXPECT_TRUE(known.trusted() && known.incomplete);
}

TEST_F(ChainTest, SelfSigned) {
  const Identity own = tls::test::self_signed(tls::test::rsa_key(2048));
  const ChainFacts facts = judge({der(own)}, "localhost");
  EXPECT_FALSE(facts.trusted());
  EXPECT_TRUE(facts.certificates[0].self_signed);
  EXPECT_EQ(facts.certificates[0].key_type, "RSA");
  EXPECT_EQ(facts.certificates[0].key_bits, 2048);
  trust(own);
  EXPECT_TRUE(judge({der(own)}, "localhost").trusted());
}

TEST_F(ChainTest, GarbageIsAnError) {
  EXPECT_FALSE(judge_chain({Octets{1, 2, 3}}, {}, store_.get(), "x", kNow));
  EXPECT_TRUE(judge({der(leaf())}, "example.com", {Octets{}}).unknown_issuer);
  EXPECT_EQ(issuer_url(Octets{1, 2, 3}), "");
  EXPECT_EQ(read_staple(as_bytes("no OCSP response")).status, "unreadable");
  EXPECT_EQ(read_staple({}).status, "unreadable");
}

TEST(ScanContext, SpeaksWhatTheLibraryCan) {
  const auto context = tls::test::require(make_scan_context());
  EXPECT_EQ(SSL_CTX_get_verify_mode(context.get()), SSL_VERIFY_NONE);
  EXPECT_EQ(SSL_CTX_get_security_level(context.get()), 0);
  EXPECT_EQ(SSL_CTX_get_min_proto_version(context.get()), 0);
}

TEST(Trust, AFileThatIsNotThereIsAnError) {
  EXPECT_TRUE(make_trust(""));
  EXPECT_FALSE(make_trust("/nowhere/ca.pem"));
}

}  // namespace
}  // namespace transom::grade
