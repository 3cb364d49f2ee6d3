#include "router/persistent_map.h"

#include <gtest/gtest.h>

#include <map>

#include "base/random.h"

namespace transom::router {
namespace {

using Reference = std::map<std::string, std::uint64_t>;

void expect_same(const PersistentMap<std::uint64_t>& map, const Reference& reference, std::uint64_t key_count) {
  EXPECT_EQ(map.empty(), reference.empty());
  for (std::uint64_t i = 0; i < key_count; ++i) {
    const std::string key = "key." + std::to_string(i);
    const std::uint64_t* found = map.find(key);
    const auto expected = reference.find(key);
    ASSERT_EQ(found != nullptr, expected != reference.end()) << key;
    if (found != nullptr) {
      ASSERT_EQ(*found, expected->second);
    }
  }
}

TEST(PersistentMap, AgreesWithAMapOverRandomOperations) {
  SeededRandom random(7);
  PersistentMap<std::uint64_t> map;
  Reference reference;
  constexpr std::uint64_t kKeys = 3000;
  for (int step = 0; step < 40'000; ++step) {
    const std::string key = "key." + std::to_string(random.next_u64() % kKeys);
    if (random.next_u64() % 5 < 3) {
      const std::uint64_t value = random.next_u64();
      map = map.set(key, value);
      reference[key] = value;
    } else {
      map = map.erase(key);
      reference.erase(key);
    }
  }
  expect_same(map, reference, kKeys);
  while (!reference.empty()) {
    map = map.erase(reference.begin()->first);
    reference.erase(reference.begin());
  }
  EXPECT_TRUE(map.empty());
}

TEST(PersistentMap, EveryVersionStaysAsItWas) {
  SeededRandom random(8);
  std::vector<std::pair<PersistentMap<std::uint64_t>, Reference>> versions(1);
  constexpr std::uint64_t kKeys = 60;
  for (int step = 0; step < 400; ++step) {
    auto [map, reference] = versions[random.next_u64() % versions.size()];  // from any version, so they branch
    const std::string key = "key." + std::to_string(random.next_u64() % kKeys);
    if (random.next_u64() % 3 != 0) {
      map = map.set(key, static_cast<std::uint64_t>(step));
      reference[key] = static_cast<std::uint64_t>(step);
    } else {
      map = map.erase(key);
      reference.erase(key);
    }
    versions.emplace_back(std::move(map), std::move(reference));
  }
  for (const auto& [map, reference] : versions) expect_same(map, reference, kKeys);
}

TEST(PersistentMap, KnowsTheEmptyKeyAndKeysWithinKeys) {
  const auto map = PersistentMap<int>().set("", 1).set("a", 2).set("a.b", 3);
  EXPECT_EQ(*map.find(""), 1);
  EXPECT_EQ(*map.find("a"), 2);
  EXPECT_EQ(*map.find("a.b"), 3);
  EXPECT_EQ(map.find("a."), nullptr);
  EXPECT_EQ(map.erase("").find(""), nullptr);
  EXPECT_TRUE(PersistentMap<int>().erase("x").empty());
}

}  // namespace
}  // namespace transom::router
