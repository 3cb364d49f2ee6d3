#include "router/directory.h"

#include <gtest/gtest.h>

namespace transom::router {
namespace {

using wamp::Match;

struct DirectoryTest : ::testing::Test {
  Published<DirectorySnapshot> published{std::make_shared<const DirectorySnapshot>()};
  Directory directory{published};
  Published<DirectorySnapshot>::Reader reader{published};
  std::uint64_t cores(std::string_view uri) {
    const SubscriptionEntry* entry = reader.get().subscriptions.find(Match::exact, uri);
    return entry != nullptr ? entry->cores : 0;
  }
};

TEST_F(DirectoryTest, ASubscriptionIsSharedAndCountedPerCore) {
  const Id id = directory.subscribe(Match::exact, "a", 0);
  EXPECT_EQ(directory.subscribe(Match::exact, "a", 2), id);
  EXPECT_EQ(directory.subscribe(Match::exact, "a", 2), id);
  EXPECT_EQ(cores("a"), 0b101U);
  directory.unsubscribe(id, 2);
  EXPECT_EQ(cores("a"), 0b101U);
  directory.unsubscribe(id, 2);
  EXPECT_EQ(cores("a"), 0b001U);
  directory.unsubscribe(id, 0);
  EXPECT_EQ(cores("a"), 0U);
  EXPECT_EQ(directory.subscription_count(), 0U);
}

TEST_F(DirectoryTest, WhatWasNotSubscribedIsIgnored) {
  const Id id = directory.subscribe(Match::exact, "a", 0);
  directory.unsubscribe(id, 63);
  directory.unsubscribe(id + 1, 0);
  directory.unregister(4711);
  EXPECT_EQ(cores("a"), 1U);
  directory.unsubscribe(id, 0);
  directory.unsubscribe(id, 0);
  EXPECT_EQ(directory.subscription_count(), 0U);
}

TEST_F(DirectoryTest, IdsAreSmallAndNeverUsedAgain) {
  Id last = 0;
  for (int i = 0; i < 100; ++i) {
    const Id id = directory.subscribe(Match::exact, "a", 0);
    EXPECT_GT(id, last);
    last = id;
    directory.unsubscribe(id, 0);
  }
  EXPECT_LT(last, Id{1} << 32);
  last = 0;
  for (int i = 0; i < 100; ++i) {
    const Id id = directory.register_procedure(Match::exact, "a", {0, 1, 1}).value();
    EXPECT_GT(id, last);
    last = id;
    directory.unregister(id);
  }
  EXPECT_LT(last, Id{1} << 32);
}

TEST_F(DirectoryTest, TheMatchIsPartOfTheIdentity) {
  EXPECT_NE(directory.subscribe(Match::exact, "a", 0), directory.subscribe(Match::prefix, "a", 0));
  EXPECT_TRUE(directory.register_procedure(Match::exact, "a", {0, 1, 1}).has_value());
  EXPECT_TRUE(directory.register_procedure(Match::prefix, "a", {0, 1, 1}).has_value());
  const auto twice = directory.register_procedure(Match::prefix, "a", {0, 2, 1});
  ASSERT_FALSE(twice.has_value());
  EXPECT_EQ(twice.error().message, "wamp.error.procedure_already_exists");
}

TEST_F(DirectoryTest, ChangesArePublishedBeforeTheCallReturns) {
  const Id id = directory.register_procedure(Match::exact, "a", {3, 5, 7}).value();
  const RegistrationEntry* entry = reader.get().registrations.find(Match::exact, "a");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->id, id);
  EXPECT_EQ(entry->callee, (SessionRef{3, 5, 7}));
  directory.unregister(id);
  EXPECT_EQ(reader.get().registrations.find(Match::exact, "a"), nullptr);
}

}  // namespace
}  // namespace transom::router
