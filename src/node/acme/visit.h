// One look at a certificate by ACME: whether it is there and good, whether it is due, and if so, the order. Everything
// here blocks.
#pragma once
#include <atomic>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>

#include "base/random.h"
#include "node/acme/order.h"

namespace transom::node {

/// What the log and `status` tell of a certificate; times in seconds since 1970, 0: none.
struct AcmeStanding {
  enum class State {
    unknown,   // not looked at yet
    ordering,  // an order is under way
    missing,   // no certificate of the server is served, and the last order failed
    valid,     // one is served
    failing,   // one is served, but could not be renewed
  } state = State::unknown;
  std::int64_t not_after = 0;
  std::int64_t next_order = 0;
  unsigned failures = 0;   // in a row
  std::string last_error;  // empty after a success
};

/// {certificate, domains, directory, state} and where they apply {not_after, next_order, failures, last_error}.
nlohmann::json describe_acme(const AcmeSubject& subject, const AcmeStanding& standing);

struct AcmeReport {
  AcmeStanding standing;
  std::int64_t next_look = 0;
  bool replaced = false;  // there are new files to load
};

/// What a visit works with, besides its subject; the members live longer than it.
struct AcmeVisitor {
  tls::AcmeChallenges& answers;
  const AcmeWorld& world;
  Random& random;
  std::shared_ptr<const std::atomic<bool>> cancelled;
};
/// Why a visit takes place.
struct AcmeOccasion {
  std::set<std::string> revoked;  // fingerprints of certificates that are known to be revoked
  bool asked = false;             // by a person: the pause after a failure is skipped, but for the server's own word
};

/// Writes what becomes of it to the log and to disk.
AcmeReport visit_acme(const AcmeSubject& subject, const AcmeVisitor& visitor, const AcmeOccasion& occasion);

}  // namespace transom::node
