#include "wamp/uri.h"

#include <gtest/gtest.h>

#include <random>
#include <regex>
#include <string>

namespace transom::wamp {
namespace {

TEST(Uri, Exact) {
  for (const char* uri : {"a", "com.myapp.topic1", "com.My-App.Tópic", "a.b.c.d", "wamp.session.on_join"}) {
    EXPECT_TRUE(is_valid_uri(uri, UriCheck::loose)) << uri;
  }
  for (const char* uri : {"", ".", "a.", ".a", "a..b", "a b", "a#b", "a\tb", "a\nb", "a b.c"}) {
    EXPECT_FALSE(is_valid_uri(uri, UriCheck::loose)) << uri;
    EXPECT_FALSE(is_valid_uri(uri, UriCheck::strict)) << uri;
  }
  EXPECT_TRUE(is_valid_uri("com.my_app.topic1", UriCheck::strict));
  for (const char* uri : {"com.My", "com.a-b", "com.\xC3\xB3"})
    EXPECT_FALSE(is_valid_uri(uri, UriCheck::strict)) << uri;
}

TEST(Uri, Patterns) {
  EXPECT_TRUE(is_valid_pattern("", UriCheck::loose, Match::prefix));
  EXPECT_TRUE(is_valid_pattern("com.", UriCheck::loose, Match::prefix));
  EXPECT_TRUE(is_valid_pattern("com.my", UriCheck::strict, Match::prefix));
  EXPECT_FALSE(is_valid_pattern("com..a", UriCheck::loose, Match::prefix));
  EXPECT_FALSE(is_valid_pattern(".a", UriCheck::loose, Match::prefix));
  EXPECT_TRUE(is_valid_pattern("com..a", UriCheck::loose, Match::wildcard));
  EXPECT_TRUE(is_valid_pattern("..", UriCheck::loose, Match::wildcard));
  EXPECT_FALSE(is_valid_pattern("com..A", UriCheck::strict, Match::wildcard));
  EXPECT_FALSE(is_valid_pattern("com..a b", UriCheck::loose, Match::wildcard));
  EXPECT_FALSE(is_valid_pattern("com..a", UriCheck::loose, Match::exact));
}

TEST(Uri, LengthLimit) {
  EXPECT_TRUE(is_valid_uri(std::string(kMaxUriLength, 'a'), UriCheck::loose));
  EXPECT_FALSE(is_valid_uri(std::string(kMaxUriLength + 1, 'a'), UriCheck::loose));
}

// The six regular expressions of the spec (and of Autobahn for prefix patterns) as the oracle.
TEST(Uri, AgreesWithTheRegularExpressions) {
  const std::regex loose(R"(^([^\s\.#]+\.)*([^\s\.#]+)$)"), strict(R"(^([0-9a-z_]+\.)*([0-9a-z_]+)$)");
  const std::regex loose_empty(R"(^(([^\s\.#]+\.)|\.)*([^\s\.#]+)?$)"),
      strict_empty(R"(^(([0-9a-z_]+\.)|\.)*([0-9a-z_]+)?$)");
  const std::regex loose_last(R"(^([^\s\.#]+\.)*([^\s\.#]*)$)"), strict_last(R"(^([0-9a-z_]+\.)*([0-9a-z_]*)$)");
  std::mt19937 random(3);
  const std::string letters = "aZ_9..# -";
  for (int round = 0; round < 5000; ++round) {
    std::string uri;
    for (auto size = random() % 7; size > 0; --size) uri += letters[random() % letters.size()];
    auto matches = [&](const std::regex& regex) { return std::regex_match(uri, regex); };
    EXPECT_EQ(is_valid_uri(uri, UriCheck::loose), matches(loose)) << uri;
    EXPECT_EQ(is_valid_uri(uri, UriCheck::strict), matches(strict)) << uri;
    EXPECT_EQ(is_valid_pattern(uri, UriCheck::loose, Match::wildcard), matches(loose_empty)) << uri;
    EXPECT_EQ(is_valid_pattern(uri, UriCheck::strict, Match::wildcard), matches(strict_empty)) << uri;
    EXPECT_EQ(is_valid_pattern(uri, UriCheck::loose, Match::prefix), matches(loose_last)) << uri;
    EXPECT_EQ(is_valid_pattern(uri, UriCheck::strict, Match::prefix), matches(strict_last)) << uri;
  }
}

TEST(Uri, Reserved) {
  EXPECT_TRUE(is_reserved_uri("wamp"));
  EXPECT_TRUE(is_reserved_uri("wamp.session.count"));
  EXPECT_FALSE(is_reserved_uri("wampx.session"));
  EXPECT_FALSE(is_reserved_uri("com.wamp"));
}

TEST(Uri, RealmNames) {
  for (const char* name : {"realm1", "com.example-x@y_z", "abc", "0x0123456789abcdefABCDEF0123456789abcdef01"}) {
    EXPECT_TRUE(is_valid_realm_name(name)) << name;
  }
  for (const char* name :
       {"", "ab", "1abc", "_abc", "a b", "a/b", "réalm", "0x012345", "0x0123456789abcdefABCDEF0123456789abcdef0g"}) {
    EXPECT_FALSE(is_valid_realm_name(name)) << name;
  }
  EXPECT_TRUE(is_valid_realm_name(std::string(255, 'a')));
  EXPECT_FALSE(is_valid_realm_name(std::string(256, 'a')));
}

}  // namespace
}  // namespace transom::wamp
