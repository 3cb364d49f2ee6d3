// What the simulator knows of a run as a whole: the truth that the clients' observations are held against.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "router/router_testing.h"

namespace transom::sim {

using nlohmann::json;
using wamp::Id;
using wamp::Match;

/// A session of the run; every HELLO makes a new one.
using Uid = std::uint32_t;

/// A guarantee was broken.
struct Failure {
  std::string text;
};
template <typename... Args>
[[noreturn]] void broken(fmt::format_string<Args...> format, Args&&... args) {
  throw Failure{fmt::format(format, std::forward<Args>(args)...)};
}

struct Pattern {
  Match match = Match::exact;
  std::string uri;
  auto operator<=>(const Pattern&) const = default;
  bool covers(const std::string& concrete) const;
};

struct Publication {
  std::string topic;
  std::size_t realm = 0;
  bool exclude_me = true;
  std::set<Id> excluded;  // session ids
  Id id = 0;              // as first seen in PUBLISHED or an EVENT
};

/// Who may hold a procedure's name, as far as clients can know.
struct Name {
  int claims = 0;              // REGISTER said, and neither refused nor UNREGISTERED
  std::uint64_t last_end = 0;  // the step in which a claim ended last
  bool lingering = false;      // a claimant left, and its letters may still be under way
};

struct Counts {
  std::uint64_t events = 0, invocations = 0, answers = 0, letters = 0, actions = 0, awaited_events = 0;
};

struct World {
  std::uint64_t step = 0;
  Uid last_uid = 0;
  std::map<std::pair<Uid, std::uint64_t>, Publication> publications;
  /// Events that must arrive: they were published after the subscriber had its SUBSCRIBED.
  std::set<std::tuple<Uid, Id, Uid, std::uint64_t>> awaited;  // subscriber, subscription, publisher, counter
  std::map<std::pair<std::size_t, Pattern>, Name> names;      // by realm
  Counts counts;
  std::vector<std::string>* trace = nullptr;
};

}  // namespace transom::sim
