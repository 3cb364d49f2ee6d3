#include "grade/scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "grade/grade_testing.h"

namespace transom::grade {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

ServerFacts scan(TableServer& server, const std::string& name = "example.com") {
  SeededRandom random(1);
  auto facts = Scanner(server, random, name).run();
  EXPECT_TRUE(facts) << (facts ? "" : facts.error().message);
  return facts ? std::move(*facts) : ServerFacts{};
}

TEST(ScannerTest, FindsAllOfAModernServer) {
  TableServer server;
  server.suites = {{Version::tls1_2, {0xC02B, 0xC02F, 0x009E}}, {Version::tls1_3, {0x1302, 0x1301}}};
  const ServerFacts facts = scan(server);
  EXPECT_THAT(facts.suites.at(Version::tls1_3), ElementsAre(0x1302, 0x1301));
  EXPECT_THAT(facts.suites.at(Version::tls1_2), ElementsAre(0xC02B, 0xC02F, 0x009E));
  EXPECT_THAT(facts.suites, SizeIs(2));
  EXPECT_THAT(facts.groups13, ElementsAre(0x001D, 0x0017));
  EXPECT_THAT(facts.groups12, ElementsAre(0x001D, 0x0017));
  EXPECT_EQ(facts.dh_bits, 2048);
  EXPECT_EQ(facts.secure_renegotiation, true);
  EXPECT_EQ(facts.fallback_scsv, true);
  EXPECT_EQ(facts.server_order, true);
  EXPECT_FALSE(facts.compression);
  EXPECT_FALSE(facts.ssl2);
  EXPECT_TRUE(facts.complete);
  EXPECT_THAT(facts.chains, ElementsAre(SizeIs(1)));
  EXPECT_LT(facts.connections, 40);
  EXPECT_EQ(facts.connections, server.connections);
}

TEST(ScannerTest, FindsOldVersionsAndBrokenSuites) {
  TableServer server;
  server.suites = {{Version::ssl3, {0x0003}}, {Version::tls1_0, {0x0005, 0x0017}}, {Version::tls1_2, {0x0002, 0x002F}}};
  server.renegotiation_info = false;
  server.scsv = false;
  server.compression = true;
  server.prime = std::string(64, '\xff');
  const ServerFacts facts = scan(server);
  EXPECT_THAT(facts.suites.at(Version::ssl3), ElementsAre(0x0003));
  EXPECT_THAT(facts.suites.at(Version::tls1_0), UnorderedElementsAre(0x0005, 0x0017));
  EXPECT_THAT(facts.suites.at(Version::tls1_2), UnorderedElementsAre(0x0002, 0x002F));
  EXPECT_EQ(facts.secure_renegotiation, false);
  EXPECT_EQ(facts.fallback_scsv, false);
  EXPECT_EQ(facts.dh_bits, 512) << "of the anonymous suite";
  EXPECT_TRUE(facts.compression);
}

TEST(ScannerTest, EverySuiteOfTheTableIsFound) {
  TableServer server;
  for (const Suite& suite : all_suites()) {
    if (suite_fits(suite_traits(suite.number), Version::tls1_2)) server.suites[Version::tls1_2].push_back(suite.number);
  }
  const ServerFacts facts = scan(server);
  EXPECT_EQ(facts.suites.at(Version::tls1_2).size(), server.suites[Version::tls1_2].size());
  for (const Offer& offer : server.offers) EXPECT_LE(offer.suites.size(), 128u);
}

TEST(ScannerTest, AServerThatNeedsAKeyShareGetsOne) {
  TableServer server;
  server.suites = {{Version::tls1_3, {0x1301, 0x1303}}};
  server.needs_key_share = true;
  const ServerFacts facts = scan(server);
  EXPECT_THAT(facts.suites.at(Version::tls1_3), ElementsAre(0x1301, 0x1303));
  EXPECT_THAT(facts.groups13, ElementsAre(0x001D));
  EXPECT_EQ(facts.secure_renegotiation, std::nullopt);
  EXPECT_EQ(facts.fallback_scsv, std::nullopt);
  EXPECT_EQ(facts.server_order, true);
}

TEST(ScannerTest, CurvesAreFoundBesideTheOneOfTheCertificate) {
  TableServer server;
  server.suites = {{Version::tls1_2, {0xC02B}}};
  server.groups = {0x0017, 0x0018, 0x001E};
  server.certificate_curve = 0x0017;
  EXPECT_THAT(scan(server).groups12, ElementsAre(0x0017, 0x0018, 0x001E));
}

TEST(ScannerTest, TheClientsOrderIsSeen) {
  TableServer server;
  server.suites = {{Version::tls1_2, {0xC02B, 0xC02F}}};
  server.client_order = true;
  EXPECT_EQ(scan(server).server_order, false);
}

TEST(ScannerTest, Ssl2Alone) {
  TableServer server;
  const std::string body = u8(4) + u8(0) + u8(1) + u16(2) + u16(0) + u16(3) + u16(0) + std::string("\x01\x00\x80", 3);
  server.ssl2_answer = u16(0x8000 | body.size()) + body;
  const ServerFacts facts = scan(server);
  ASSERT_TRUE(facts.ssl2);
  EXPECT_THAT(facts.ssl2->suites, ElementsAre(0x010080));
  EXPECT_THAT(facts.suites, IsEmpty());
}

TEST(ScannerTest, NamesAreSentAndAddressesAreNot) {
  TableServer server;
  server.suites = {{Version::tls1_2, {0xC02F}}};
  scan(server, "example.com");
  EXPECT_EQ(server.offers.back().server_name, "example.com");
  scan(server, "127.0.0.1");
  EXPECT_EQ(server.offers.back().server_name, "");
}

TEST(ScannerTest, NoServerAndNoTlsAreFailures) {
  TableServer server;
  SeededRandom random(1);
  const auto none = Scanner(server, random, "").run();
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("neither TLS nor SSL"));
  server.unreachable_after = 0;
  const auto refused = Scanner(server, random, "").run();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "refused");
}

TEST(ScannerTest, WhatIsCutShortIsIncomplete) {
  TableServer server;
  server.suites = {{Version::tls1_2, {0xC02B, 0xC02F}}, {Version::tls1_3, {0x1301}}};
  server.exhausted_after = 5;
  const ServerFacts facts = scan(server);
  EXPECT_FALSE(facts.complete);
  EXPECT_TRUE(facts.offers(Version::tls1_3));
  EXPECT_EQ(facts.connections, 5);
  TableServer lost;
  lost.suites = server.suites;
  lost.unreachable_after = 5;
  EXPECT_FALSE(scan(lost).complete);
  EXPECT_EQ(lost.connections, 7) << "one more attempt, then it is over";
}

}  // namespace
}  // namespace transom::grade
