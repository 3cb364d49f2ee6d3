#include "pki/authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "pki/authority_testing.h"
#include "pki/faults.h"
#include "pki/pkcs12.h"
#include "tls/certificate_builder.h"
#include "tls/certificate_info.h"
#include "tls/ocsp.h"

namespace transom::pki {
namespace {

using test::kDay;
using test::kNow;
using test::require;
using test::Words;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using Use = LeafPlan::Use;

class Authority : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(ERR_peek_error(), 0u); }

  std::string problem(const LeafPlan& plan, std::int64_t now = kNow) {
    const auto key = require(make_key({}));
    const auto leaf = issue_leaf(authority_.intermediate, plan, key.get(), now);
    return leaf ? "" : leaf.error().message;
  }
  Status judge(X509* leaf, Use use, std::int64_t now = kNow) {
    return check_chain(leaf, authority_.intermediate.certificate.get(), authority_.root.certificate.get(), use, now);
  }

  const NewAuthority& authority_ = test::limited();
};

TEST_F(Authority, IssuesWhatStrictVerifiersTake) {
  for (const Use use : {Use::server, Use::client}) {
    for (const Words& words : {Words{"example.com", "*.www.example.com"}, Words{"10.1.2.3", "fd00::1"},
                               Words{"alice@example.com"}, Words{std::string(60, 'a') + ".example.com"}}) {
      const auto leaf = test::leaf_of(authority_, test::plan_for(words, use));
      const auto judged = judge(leaf.get(), use);
      EXPECT_TRUE(judged.has_value()) << words.front() << ": " << judged.error().message;
    }
  }
}

TEST_F(Authority, AClientIsNoServer) {
  const auto leaf = test::leaf_of(authority_, test::plan_for({"example.com"}, Use::client));
  EXPECT_FALSE(judge(leaf.get(), Use::server).has_value());
}

TEST_F(Authority, NamesOutsideItsConstraintsAreRefused) {
  for (const char* name : {"example.org", "notexample.com", "11.0.0.1", "fe80::1", "alice@example.org",
                           "alice@mail.example.com", "localhost"}) {
    EXPECT_THAT(problem(test::plan_for({"example.com", name})),
                HasSubstr(std::string("cannot vouch for \"") + name + "\": it is limited to example.com, 10.0.0.0/8"));
  }
  EXPECT_EQ(problem(test::plan_for({"deep.below.example.com", "10.255.255.255", "fdff::1", "bob@example.com"})), "");
}

TEST_F(Authority, ConstraintsHoldForWhoeverStealsTheKey) {
  const auto key = require(make_key({}));
  const auto leaf = require(tls::make_certificate(
      {"x", kNow - 60, kNow + kDay, tls::leaf_extensions("DNS:example.org", "serverAuth", key.get())}, key.get(),
      authority_.intermediate.certificate.get(), authority_.intermediate.key.get()));
  EXPECT_THAT(judge(leaf.get(), Use::server).error().message, HasSubstr("permitted subtree violation"));
}

TEST_F(Authority, TypesThatAreNotMentionedAreClosed) {
  const auto only_hosts = require(make_authority({"x", require(constraints_for(Words{"example.com"}))}, kNow));
  X509* issuer = only_hosts.intermediate.certificate.get();
  EXPECT_TRUE(check_permitted(issuer, {{"a.example.com"}, {}, {}}).has_value());
  EXPECT_FALSE(check_permitted(issuer, {{}, {"10.0.0.1"}, {}}).has_value());
  EXPECT_FALSE(check_permitted(issuer, {{}, {"::1"}, {}}).has_value());
  EXPECT_FALSE(check_permitted(issuer, {{}, {}, {"a@example.com"}}).has_value());
  const auto only_addresses = require(make_authority({"x", require(constraints_for(Words{"10.0.0.1"}))}, kNow));
  issuer = only_addresses.intermediate.certificate.get();
  EXPECT_TRUE(check_permitted(issuer, {{}, {"10.0.0.1"}, {}}).has_value());
  EXPECT_FALSE(check_permitted(issuer, {{}, {"10.0.0.2"}, {}}).has_value());
  EXPECT_FALSE(check_permitted(issuer, {{}, {"::1"}, {}}).has_value());
  EXPECT_FALSE(check_permitted(issuer, {{"localhost"}, {}, {}}).has_value());
}

TEST_F(Authority, AnUnconstrainedOneVouchesForAnything) {
  const auto open = require(make_authority({"x", ""}, kNow));
  EXPECT_TRUE(check_permitted(open.intermediate.certificate.get(), {{"a.example"}, {"::1"}, {"a@b.example"}}));
  EXPECT_EQ(describe_constraints(open.root.certificate.get()), "");
}

TEST_F(Authority, RefusesWordsThatAreNoConstraint) {
  for (const char* word :
       {"10.0.0.0/33", "10.0.0.0/", "10.0.0.1/8", "/8", "x/8", "10.0.0.0/8x", "fd00::/129", ".example.com",
        "*.example.com", "@", "a b", "https://example.com/", "example.com:443", "a,DNS:b.example", ""}) {
    EXPECT_FALSE(constraints_for(Words{word}).has_value()) << word;
  }
  EXPECT_THAT(constraints_for(Words{"10.0.0.1/8"}).error().message, HasSubstr("the network is \"10.0.0.0/8\""));
  EXPECT_FALSE(constraints_for(Words{}).has_value());
  EXPECT_EQ(require(constraints_for(Words{"example.com"})),
            "critical,permitted;DNS:example.com,permitted;email:none.invalid,permitted;URI:none.invalid,"
            "excluded;IP:0.0.0.0/0.0.0.0,excluded;IP:::/::");
}

TEST_F(Authority, SaysWhatItIs) {
  const auto root = require(tls::certificate_info(authority_.root.certificate.get()));
  EXPECT_THAT(root.subject, MatchesRegex("CN=Example Ltd root [0-9a-f]{6}"));
  EXPECT_EQ(root.key, "ECDSA P-384");
  EXPECT_EQ(root.not_after, kNow + 3650 * kDay);
  const auto intermediate = require(tls::certificate_info(authority_.intermediate.certificate.get()));
  EXPECT_EQ(intermediate.issuer, root.subject);
  EXPECT_EQ(intermediate.key, "ECDSA P-256");
  EXPECT_EQ(X509_get_pathlen(authority_.intermediate.certificate.get()), 0);
  EXPECT_EQ(describe_constraints(authority_.root.certificate.get()), "example.com, 10.0.0.0/8, fd00::/8, @example.com");
  EXPECT_FALSE(make_authority({"", ""}, kNow).has_value());
  EXPECT_FALSE(make_authority({std::string(41, 'x'), ""}, kNow).has_value());
  EXPECT_FALSE(make_authority({"a\nb", ""}, kNow).has_value());
}

TEST_F(Authority, NothingOutlivesIt) {
  LeafPlan plan = test::plan_for({"example.com"});
  plan.lifetime_s = 4000 * kDay;
  const auto leaf = test::leaf_of(authority_, plan);
  EXPECT_EQ(tls::seconds_of(X509_get0_notAfter(leaf.get())), kNow + 3650 * kDay);
  EXPECT_THAT(problem(plan, kNow + 3650 * kDay), HasSubstr("has expired on 2037-01-12"));
  EXPECT_THAT(problem(plan, kNow - kDay), HasSubstr("set the clock"));
}

TEST_F(Authority, TheLongestLifeIsNotASecondTooLong) {
  LeafPlan plan = test::plan_for({"example.com"});
  plan.lifetime_s = kLongestLife;
  const auto leaf = test::leaf_of(authority_, plan);
  EXPECT_THAT(certificate_faults(leaf.get(), kNow), testing::IsEmpty());
  EXPECT_EQ(tls::seconds_of(X509_get0_notAfter(leaf.get())) - tls::seconds_of(X509_get0_notBefore(leaf.get())),
            kLongestLife - 1);
}

TEST_F(Authority, SignsOnlyWhatWasShown) {
  LeafPlan plan = test::plan_for({"example.com"});
  plan.names.dns = {"example.com,DNS:www.example.com"};
  EXPECT_THAT(problem(plan, kNow), HasSubstr("for other names"));
}

TEST_F(Authority, NamesResponderAndListWhereToldSo) {
  LeafPlan plan = test::plan_for({"example.com"});
  plan.ocsp_url = "http://ca.example.com/ocsp";
  plan.crl_url = "http://ca.example.com/intermediate.crl";
  const auto leaf = test::leaf_of(authority_, plan);
  EXPECT_EQ(tls::ocsp_responder(leaf.get()), plan.ocsp_url);
  EXPECT_GE(X509_get_ext_by_NID(leaf.get(), NID_crl_distribution_points, -1), 0);
  EXPECT_TRUE(judge(leaf.get(), Use::server).has_value());
  EXPECT_TRUE(check_publication_url(plan.ocsp_url).has_value());
  for (const std::string url : {"", "http://", "https://a.example/", "http://a.example/,URI:http://b", "http://a b",
                                "http://a;b", "http://a\n"}) {
    EXPECT_FALSE(check_publication_url(url).has_value()) << url;
  }
}

TEST_F(Authority, WeakKeysGetNoCertificate) {
  const auto refused = [this](EVP_PKEY* key) {
    return !issue_leaf(authority_.intermediate, test::plan_for({"example.com"}), key, kNow).has_value();
  };
  const tls::KeyHandle small(EVP_RSA_gen(1024)), odd(EVP_EC_gen("secp256k1")), large(EVP_EC_gen("P-521")),
      edwards(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  EXPECT_TRUE(refused(small.get()));
  EXPECT_TRUE(refused(odd.get()));
  EXPECT_TRUE(refused(large.get())) << "browsers do not take it";
  EXPECT_TRUE(refused(edwards.get()));
  const auto rsa = require(make_key({KeyKind::Algorithm::rsa, 2048}));
  EXPECT_FALSE(refused(rsa.get()));
}

TEST_F(Authority, IsReadAgain) {
  const auto certificate = require(tls::certificate_pem(authority_.root.certificate.get()));
  const auto key = require(key_pem(authority_.root.key.get(), "secret"));
  EXPECT_TRUE(read_signing_pair(certificate, key, "the root", "secret").has_value());
  EXPECT_THAT(read_signing_pair(certificate, key, "the root", "wrong").error().message,
              HasSubstr("the root's key is encrypted and the passphrase is wrong"));
  const auto other = require(tls::certificate_pem(authority_.intermediate.certificate.get()));
  EXPECT_THAT(read_signing_pair(other, key, "the root", "secret").error().message, HasSubstr("does not belong"));
}

TEST_F(Authority, ABundleHoldsKeyAndChain) {
  const auto key = require(make_key({}));
  const auto leaf =
      require(issue_leaf(authority_.intermediate, test::plan_for({"alice@example.com"}, Use::client), key.get(), kNow));
  const auto der = require(
      make_pkcs12(key.get(), leaf.get(), authority_.intermediate.certificate.get(), "alice@example.com", "secret"));
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<PKCS12, tls::FreeWith<PKCS12_free>> bundle(
      d2i_PKCS12(nullptr, &at, static_cast<long>(der.size())));
  ASSERT_NE(bundle, nullptr);
  EXPECT_EQ(PKCS12_verify_mac(bundle.get(), "wrong", 5), 0);
  EVP_PKEY* read_key = nullptr;
  X509* read_leaf = nullptr;
  STACK_OF(X509)* above = nullptr;
  ASSERT_EQ(PKCS12_parse(bundle.get(), "secret", &read_key, &read_leaf, &above), 1);
  EXPECT_EQ(EVP_PKEY_eq(read_key, key.get()), 1);
  EXPECT_EQ(X509_cmp(read_leaf, leaf.get()), 0);
  EXPECT_EQ(sk_X509_num(above), 1);
  EVP_PKEY_free(read_key);
  X509_free(read_leaf);
  sk_X509_pop_free(above, X509_free);
  EXPECT_FALSE(make_pkcs12(key.get(), leaf.get(), authority_.intermediate.certificate.get(), "a", "").has_value());
  ERR_clear_error();
}

}  // namespace
}  // namespace transom::pki
