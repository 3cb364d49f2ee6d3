#include "router/uri_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <regex>

#include "base/random.h"

namespace transom::router {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using wamp::Match;

std::vector<int> matches(const UriIndex<int>& index, std::string_view uri) {
  std::vector<int> found;
  index.for_each_match(uri, [&](Match, int value) { found.push_back(value); });
  return found;
}

int best(const UriIndex<int>& index, std::string_view uri) {
  Match match;
  const int* value = index.best_match(uri, match);
  return value != nullptr ? *value : 0;
}

TEST(UriIndex, ExactMatchesOnlyItself) {
  UriIndex<int> index;
  index.set(Match::exact, "com.app.a", 1);
  EXPECT_THAT(matches(index, "com.app.a"), ElementsAre(1));
  EXPECT_THAT(matches(index, "com.app.ab"), IsEmpty());
  EXPECT_THAT(matches(index, "com.app"), IsEmpty());
}

TEST(UriIndex, PrefixIsAPrefixOfCharacters) {
  UriIndex<int> index;
  index.set(Match::prefix, "com.myapp.myobject1", 1);
  for (const char* uri : {"com.myapp.myobject1.myprocedure1", "com.myapp.myobject1-mysubobject1",
                          "com.myapp.myobject1.mysubobject1.myprocedure1", "com.myapp.myobject1"}) {
    EXPECT_THAT(matches(index, uri), ElementsAre(1)) << uri;
  }
  EXPECT_THAT(matches(index, "com.myapp.myobject2"), IsEmpty());
  EXPECT_THAT(matches(index, "com.myapp.myobject"), IsEmpty());
}

TEST(UriIndex, TheEmptyPrefixMatchesEverything) {
  UriIndex<int> index;
  index.set(Match::prefix, "", 1);
  EXPECT_THAT(matches(index, "a"), ElementsAre(1));
  index.erase(Match::prefix, "");
  EXPECT_THAT(matches(index, "a"), IsEmpty());
}

TEST(UriIndex, AWildcardStandsForOneWholeComponent) {
  UriIndex<int> index;
  index.set(Match::wildcard, "com.myapp..myprocedure1", 1);
  EXPECT_THAT(matches(index, "com.myapp.myobject1.myprocedure1"), ElementsAre(1));
  EXPECT_THAT(matches(index, "com.myapp.myobject2.myprocedure1"), ElementsAre(1));
  EXPECT_THAT(matches(index, "com.myapp.myobject1.myprocedure1.mysubprocedure1"), IsEmpty());
  EXPECT_THAT(matches(index, "com.myapp.myobject1.myprocedure2"), IsEmpty());
  EXPECT_THAT(matches(index, "com.myapp2.myobject1.myprocedure1"), IsEmpty());
  index.set(Match::wildcard, "", 2);
  index.set(Match::wildcard, ".", 3);
  index.set(Match::wildcard, "a.", 4);
  index.set(Match::wildcard, ".b", 5);
  EXPECT_THAT(matches(index, "a"), ElementsAre(2));
  EXPECT_THAT(matches(index, "a.b"), UnorderedElementsAre(3, 4, 5));
}

TEST(UriIndex, TheMatchIsPartOfTheKey) {
  UriIndex<int> index;
  index.set(Match::exact, "a.b", 1);
  index.set(Match::prefix, "a.b", 2);
  index.set(Match::wildcard, "a.b", 3);
  EXPECT_THAT(matches(index, "a.b"), UnorderedElementsAre(1, 2, 3));
  index.erase(Match::prefix, "a.b");
  EXPECT_THAT(matches(index, "a.b"), UnorderedElementsAre(1, 3));
  EXPECT_EQ(*index.find(Match::wildcard, "a.b"), 3);
  EXPECT_EQ(index.find(Match::prefix, "a.b"), nullptr);
}

TEST(UriIndex, BestMatchFollowsTheSpecsExamples) {
  UriIndex<int> index;
  index.set(Match::exact, "a1.b2.c3.d4.e55", 1);
  index.set(Match::prefix, "a1.b2.c3", 2);
  index.set(Match::prefix, "a1.b2.c3.d4", 3);
  index.set(Match::wildcard, "a1.b2..d4.e5", 4);
  index.set(Match::wildcard, "a1.b2.c33..e5", 5);
  index.set(Match::wildcard, "a1.b2..d4.e5..g7", 6);
  index.set(Match::wildcard, "a1.b2..d4..f6.g7", 7);
  EXPECT_EQ(best(index, "a1.b2.c3.d4.e55"), 1);
  EXPECT_EQ(best(index, "a1.b2.c3.d98.e74"), 2);
  EXPECT_EQ(best(index, "a1.b2.c3.d4.e325"), 3);
  EXPECT_EQ(best(index, "a1.b2.c55.d4.e5"), 4);
  // Here the spec's example disagrees with its own definition of a prefix, by which "a1.b2.c3" is one of this URI. The
  // definition (of characters, as every router does it) is followed; the example holds when that entry is away.
  EXPECT_EQ(best(index, "a1.b2.c33.d4.e5"), 2);
  EXPECT_EQ(best(index, "a1.b2.c88.d4.e5.f6.g7"), 6);
  EXPECT_EQ(best(index, "a2.b2.c2.d2.e2"), 0);
  index.erase(Match::prefix, "a1.b2.c3");
  EXPECT_EQ(best(index, "a1.b2.c33.d4.e5"), 5);
}

TEST(UriIndex, APrefixBeatsAnyWildcardAndSaysSo) {
  UriIndex<int> index;
  index.set(Match::wildcard, "a.b.", 1);
  index.set(Match::prefix, "a", 2);
  Match match;
  EXPECT_EQ(*index.best_match("a.b.c", match), 2);
  EXPECT_EQ(match, Match::prefix);
  index.erase(Match::prefix, "a");
  EXPECT_EQ(*index.best_match("a.b.c", match), 1);
  EXPECT_EQ(match, Match::wildcard);
}

// A second opinion on what matches, written with regular expressions.
bool matches_by_regex(Match match, const std::string& pattern, const std::string& uri) {
  if (match == Match::exact) return uri == pattern;
  if (match == Match::prefix) return uri.starts_with(pattern);
  std::string expression;
  std::string component;
  for (const char c : pattern + ".") {
    if (c != '.') {
      component += c;
      continue;
    }
    expression += (expression.empty() ? "" : "\\.") + (component.empty() ? "[^.]+" : component);
    component.clear();
  }
  return std::regex_match(uri, std::regex(expression));
}

std::string random_uri(Random& random, bool empty_allowed) {
  std::string uri;
  const std::uint64_t count = 1 + random.next_u64() % 4;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i > 0) uri += '.';
    const std::uint64_t pick = random.next_u64() % (empty_allowed ? 4 : 3);
    if (pick < 3) uri += static_cast<char>('a' + pick);
  }
  return uri;
}

TEST(UriIndex, AgreesWithRegularExpressions) {
  SeededRandom random(3);
  UriIndex<int> index;
  std::map<std::pair<Match, std::string>, int> reference;
  for (int step = 1; step <= 600; ++step) {
    const auto match = static_cast<Match>(random.next_u64() % 3);
    const std::string pattern = random_uri(random, match == Match::wildcard);
    if (random.next_u64() % 5 < 3) {
      index.set(match, pattern, step);
      reference[{match, pattern}] = step;
    } else {
      index.erase(match, pattern);
      reference.erase({match, pattern});
    }
    if (step % 10 != 0) continue;
    const std::string uri = random_uri(random, false);
    std::vector<int> expected;
    for (const auto& [key, value] : reference) {
      if (matches_by_regex(key.first, key.second, uri)) expected.push_back(value);
    }
    ASSERT_THAT(matches(index, uri), ::testing::UnorderedElementsAreArray(expected)) << uri;
  }
  for (const auto& [key, value] : reference) index.erase(key.first, key.second);
  EXPECT_THAT(matches(index, "a.b.c"), IsEmpty());
}

TEST(UriIndex, OldVersionsStayIntact) {
  UriIndex<int> first;
  first.set(Match::prefix, "a", 1);
  first.set(Match::wildcard, "a..c", 2);
  UriIndex<int> second = first;
  second.erase(Match::prefix, "a");
  second.set(Match::wildcard, "a..c", 3);
  EXPECT_THAT(matches(first, "a.b.c"), UnorderedElementsAre(1, 2));
  EXPECT_THAT(matches(second, "a.b.c"), ElementsAre(3));
}

TEST(UriIndex, CountsComponents) {
  EXPECT_FALSE(has_too_many_components("a..c"));
  EXPECT_FALSE(has_too_many_components(std::string(kMaxWildcardComponents - 1, '.')));
  EXPECT_TRUE(has_too_many_components(std::string(kMaxWildcardComponents, '.')));
}

}  // namespace
}  // namespace transom::router
