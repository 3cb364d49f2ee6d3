// Publish and subscribe of one realm on one core (WAMP spec, Basic Profile "Publish and Subscribe"; Advanced Profile:
// pattern_based_subscription, publisher_exclusion, subscriber_blackwhite_listing).
#pragma once
#include <tsl/robin_map.h>

#include <string_view>
#include <vector>

#include "base/hash.h"
#include "router/envelope.h"
#include "wamp/message.h"
#include "wamp/options.h"

namespace transom::router {

class RouterCore;
class Session;
struct RealmPart;

/// Knows the subscribers that live on its core. A session gets events from the moment its SUBSCRIBED is sent until its
/// UNSUBSCRIBE arrives, whatever other cores still believe: this core is the last judge.
class Broker {
 public:
  Broker(RouterCore& core, RealmPart& realm) : core_(core), realm_(realm) {}

  // Requests of a session of this core.
  void publish(Session& publisher, const wamp::Message& message);
  void subscribe(Session& session, const wamp::Message& message);
  void unsubscribe(Session& session, const wamp::Message& message);
  /// Forgets the session as a subscriber of everything; gives the ids to release at the home core.
  std::vector<Id> leave(Session& session);

  // Letters.
  void on_subscribed(const Subscribed& letter);
  void on_event(const Event& letter);

  /// Subscriptions with a subscriber on this core.
  std::size_t subscription_count() const { return subscribers_.size(); }

 private:
  struct Subscribers {
    wamp::Match match;
    std::vector<Session*> sessions;
  };
  /// One event on its way to this core's subscribers.
  struct Delivery {
    Id publication;
    std::string_view topic;
    const Identity& publisher;
    wamp::Payload payload;
    const Session* excluded;            // the publisher, or null
    const wamp::PublishOptions* lists;  // may be null
  };
  /// A subscription that a publication matches, and the cores with subscribers.
  struct Matched {
    Id subscription;
    std::uint64_t cores;
  };
  void deliver(Id subscription, const Delivery& delivery);
  FramePtr encode_event(const Session& receiver, Id subscription, wamp::Match match, const Delivery& delivery);
  void remove(Session& session, Id subscription, std::size_t index);

  RouterCore& core_;
  RealmPart& realm_;
  tsl::robin_map<Id, Subscribers, IdHash> subscribers_;
  std::vector<Matched> matched_;  // of the publication at hand; kept for its memory
};

}  // namespace transom::router
