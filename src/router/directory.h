// What a realm knows about its subscriptions and registrations: one writer, the realm's home core.
#pragma once
#include <tsl/robin_map.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/published.h"
#include "base/result.h"
#include "router/ids.h"
#include "router/uri_index.h"

namespace transom::router {

/// As every core sees a subscription: which cores have subscribers. Who they are is known only there.
struct SubscriptionEntry {
  Id id = 0;
  std::uint64_t cores = 0;  // bit n: core n has at least one
};
struct RegistrationEntry {
  Id id = 0;
  SessionRef callee;
};

/// One immutable version of the directory; a new one shares nearly all of the old one's structure.
struct DirectorySnapshot {
  UriIndex<SubscriptionEntry> subscriptions;
  UriIndex<RegistrationEntry> registrations;
};

/// Lives on the home core. Each change that others can see publishes a new snapshot before it returns, so that the
/// caller's reply is always the later of the two (the ordering rule of ARCHITECTURE.md).
class Directory {
 public:
  explicit Directory(Published<DirectorySnapshot>& published) : published_(published) {}

  /// Counts one more subscriber on `core`; gives the subscription's id. Ids are small integers, never used again.
  Id subscribe(wamp::Match match, std::string_view uri, CoreId core);
  /// Takes back one `subscribe`.
  void unsubscribe(Id subscription, CoreId core);

  /// The error is a WAMP error URI.
  Result<Id> register_procedure(wamp::Match match, std::string_view uri, SessionRef callee);
  void unregister(Id registration);

  std::size_t subscription_count() const { return subscriptions_.size(); }
  std::size_t registration_count() const { return registrations_.size(); }

 private:
  struct Subscription {
    wamp::Match match;
    std::string uri;
    std::vector<std::uint32_t> subscribers;  // per core, as long as needed
  };
  struct Registration {
    wamp::Match match;
    std::string uri;
  };
  void publish();

  Published<DirectorySnapshot>& published_;
  DirectorySnapshot newest_;
  tsl::robin_map<Id, std::unique_ptr<Subscription>, IdHash> subscriptions_;
  tsl::robin_map<Id, Registration, IdHash> registrations_;
  Id last_subscription_ = 0, last_registration_ = 0;
};

}  // namespace transom::router
