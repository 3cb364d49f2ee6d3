#include "pki/names.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace transom::pki {
namespace {

using Words = std::vector<std::string>;

Names good(const Words& words) {
  auto names = parse_names(words);
  EXPECT_TRUE(names.has_value()) << (names ? "" : names.error().message);
  return names ? *names : Names{};
}

std::string problem(const std::string& word) {
  const auto names = parse_names(Words{word});
  return names ? "" : names.error().message;
}

TEST(Names, TellsTheTypesApart) {
  const Names names = good({"Example.COM", "*.example.com", "192.0.2.1", "[2001:db8::1]", "Alice@example.com", "a.b."});
  EXPECT_EQ(names.dns, (Words{"example.com", "*.example.com", "a.b"}));
  EXPECT_EQ(names.ip_addresses, (Words{"192.0.2.1", "2001:db8::1"}));
  EXPECT_EQ(names.emails, Words{"Alice@example.com"});
  EXPECT_EQ(alternative_names(names),
            "DNS:example.com,DNS:*.example.com,DNS:a.b,IP:192.0.2.1,IP:2001:db8::1,email:Alice@example.com");
  EXPECT_EQ(common_name(names), "example.com");
}

TEST(Names, NamesEachOnce) { EXPECT_EQ(good({"a.example", "A.example", "a.example."}).dns, Words{"a.example"}); }

TEST(Names, ACertificateIsForAServerAndNotForAPort) {
  EXPECT_NE(problem("example.com:443").find("not for a port: give \"example.com\""), std::string::npos);
  EXPECT_NE(problem("127.0.0.1:8080").find("not for a port: give \"127.0.0.1\""), std::string::npos);
  EXPECT_NE(problem("https://example.com").find("is a URL"), std::string::npos);
}

TEST(Names, RefusesWhatNoBrowserTakes) {
  for (const char* word : {"",
                           ".",
                           "a..b",
                           "-a.example",
                           "a-.example",
                           "under_score.example",
                           "*.com",
                           "*",
                           "a.*.example",
                           "*a.example",
                           "1.2.3",
                           "256.1.1.1",
                           "b\xc3\xbc"
                           "cher.example",
                           "a b",
                           "a,DNS:b.example",
                           "a\nb",
                           "@example.com",
                           "a@",
                           "a@b@c",
                           "a,b@example.com"}) {
    EXPECT_NE(problem(word), "") << word;
  }
  EXPECT_NE(problem(std::string(64, 'a') + ".example"), "");
  EXPECT_NE(problem(std::string(300, 'a')), "");
  EXPECT_FALSE(parse_names(Words{}).has_value());
  EXPECT_FALSE(parse_names(Words(101, "a.example")).has_value());
}

TEST(Names, AreOctetsThatAnyTerminalMayShow) {
  for (const std::string& word : {std::string("10.0.0.7\0\r\x1b[2Kwww.example.com", 29), std::string("::1\0", 4),
                                  std::string("a.example\x7f"), std::string("\x1b]0;x\x07@example.com")}) {
    const std::string said = problem(word);
    EXPECT_NE(said, "") << testing::PrintToString(word);
    EXPECT_TRUE(std::all_of(said.begin(), said.end(), [](unsigned char c) { return c >= ' ' && c < 0x7f; })) << said;
  }
  EXPECT_LT(problem(std::string(100'000, 'a')).size(), 200U);
}

TEST(Names, WritesAddressesInOneWay) {
  EXPECT_EQ(good({"2001:DB8:0:0::1", "2001:db8::1"}).ip_addresses, Words{"2001:db8::1"});
}

TEST(Names, ALongNameIsNoCommonName) {
  const std::string name = std::string(60, 'a') + ".example";
  EXPECT_EQ(common_name(good({name})), "");
}

}  // namespace
}  // namespace transom::pki
