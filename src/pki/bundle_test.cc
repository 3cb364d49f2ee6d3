#include "pki/bundle.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "pki/verify.h"
#include "tls/test_support.h"

namespace transom::pki {
namespace {

using tls::LoadedCertificate;
using tls::test::authority_extensions;
using tls::test::ec_key;
using tls::test::Identity;
using tls::test::issue;
using tls::test::require;
using tls::test::server_extensions;

constexpr std::int64_t kNow = 1'800'000'000;
constexpr std::int64_t kLater = kNow + 90 * 86'400;

struct World {
  Identity root = issue("root", ec_key(), authority_extensions(), nullptr);
  Identity middle = issue("middle", ec_key(), authority_extensions(), &root);
  Identity leaf =
      issue("leaf", ec_key(), server_extensions("DNS:host.example,IP:192.0.2.7"), &middle, kNow - 1, kLater);
  Identity other = issue("other", ec_key(), server_extensions("DNS:other.example"), &middle, kNow - 1, kLater);
};

const World& world() {
  static const World made;
  return made;
}

std::vector<LoadedCertificate> heap(const std::vector<const Identity*>& identities) {
  std::vector<LoadedCertificate> made;
  for (const Identity* one : identities) {
    X509_up_ref(one->certificate.get());
    made.push_back({tls::CertificateHandle(one->certificate.get()), "file"});
  }
  return made;
}

TEST(Bundle, AnyOrderGivesTheChain) {
  const auto& [root, middle, leaf, other] = world();
  std::vector<const Identity*> order = {&leaf, &middle, &root, &middle};
  std::sort(order.begin(), order.end());
  do {
    const auto bundle = require(make_bundle(heap(order), nullptr));
    EXPECT_EQ(require(bundle_pem(bundle.chain)), leaf.certificate_text + middle.certificate_text);
    EXPECT_EQ(bundle.open_end, nullptr);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Bundle, WhatIsMissingIsTheOpenEnd) {
  const auto& [root, middle, leaf, other] = world();
  EXPECT_EQ(require(make_bundle(heap({&leaf, &root}), nullptr)).open_end, leaf.certificate.get());
  EXPECT_EQ(require(make_bundle(heap({&middle, &leaf}), nullptr)).open_end, middle.certificate.get());
  EXPECT_EQ(require(make_bundle(heap({&root}), nullptr)).open_end, nullptr);
}

TEST(Bundle, AKeyChoosesAmongLeafs) {
  const auto& [root, middle, leaf, other] = world();
  EXPECT_FALSE(make_bundle(heap({&leaf, &other, &middle, &root}), nullptr));
  const auto bundle = require(make_bundle(heap({&leaf, &other, &middle, &root}), other.key.get()));
  EXPECT_EQ(require(bundle_pem(bundle.chain)), other.certificate_text + middle.certificate_text);
  EXPECT_FALSE(make_bundle(heap({&leaf, &middle}), other.key.get()));
  EXPECT_FALSE(make_bundle({}, nullptr));
}

std::string refusals(const std::vector<const Identity*>& sent, const std::vector<const Identity*>& trusted,
                     const std::string& host, std::int64_t now = kNow) {
  const auto bundle = require(make_bundle(heap(sent), sent.front()->key.get()));
  std::string all;
  for (const auto& one : browser_refusals(bundle.chain, require(own_authorities(heap(trusted))), host, now)) {
    all += one + "\n";
  }
  return all;
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Verify, AGoodChainIsTaken) {
  const auto& [root, middle, leaf, other] = world();
  for (const char* host : {"", "host.example", "192.0.2.7"}) EXPECT_EQ(refusals({&leaf, &middle}, {&root}, host), "");
  EXPECT_EQ(refusals({&leaf}, {&middle}, ""), "") << "an intermediate alone may be trusted";
}

TEST(Verify, EachRefusalIsSaid) {
  const auto& [root, middle, leaf, other] = world();
  EXPECT_TRUE(holds(refusals({&leaf, &middle}, {&root}, "x.example"), "not for \"x.example\", but for host.example"));
  EXPECT_TRUE(holds(refusals({&leaf, &middle}, {&root}, "192.0.2.8"), "not for \"192.0.2.8\""));
  EXPECT_TRUE(holds(refusals({&leaf}, {&root}, ""), "neither sent nor trusted: \"CN=middle\""));
  EXPECT_TRUE(holds(refusals({&leaf}, {&root, &middle}, ""), "neither sent nor trusted: \"CN=middle\""));
  EXPECT_TRUE(holds(refusals({&leaf, &middle}, {&root}, "", kLater + 1), "It expired"));
  EXPECT_TRUE(holds(refusals({&leaf, &middle}, {&root}, "", kNow - 100'000), "not valid yet"));
  const auto client = issue("c", ec_key(), {{NID_ext_key_usage, "clientAuth"}}, &root, kNow - 1, kLater);
  EXPECT_NE(refusals({&client}, {&root}, ""), "");
  const auto imposter = issue("root", ec_key(), authority_extensions(), nullptr);
  EXPECT_NE(refusals({&leaf, &middle}, {&imposter}, ""), "");
}

TEST(Verify, AnAuthorityThatMayNotIssueIsRefused) {
  const auto& [root, middle, leaf, other] = world();
  const auto forged = issue("forged", ec_key(), server_extensions("DNS:bank.example"), &leaf, kNow - 1, kLater);
  EXPECT_NE(refusals({&forged, &leaf, &middle}, {&root}, "bank.example"), "");
}

}  // namespace
}  // namespace transom::pki
