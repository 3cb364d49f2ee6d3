// What cores tell each other. To the same core it is a function call, to another one a letter in its mailbox; later, to
// another node, the same serialized. Between two cores the order is kept.
#pragma once
#include <algorithm>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/frame.h"
#include "base/hash.h"
#include "router/ids.h"
#include "wamp/options.h"

namespace transom::router {

/// A payload that outlives the receive buffer it came in: one copy, shared by all letters about it.
struct SharedPayload {
  FramePtr octets;  // args, then kwargs
  std::uint32_t args_length = 0;
  wamp::SerializerId serializer = wamp::SerializerId::json;

  static SharedPayload copy(const wamp::Payload& payload) {
    SharedPayload shared;
    shared.serializer = payload.serializer;
    shared.args_length = static_cast<std::uint32_t>(payload.args.size());
    if (payload.args.empty() && payload.kwargs.empty()) return shared;
    shared.octets = FramePtr::create(payload.args.size() + payload.kwargs.size());
    const MutableByteSpan out = shared.octets.mutable_bytes();
    std::copy(payload.args.begin(), payload.args.end(), out.begin());
    std::copy(payload.kwargs.begin(), payload.kwargs.end(), out.subspan(payload.args.size()).begin());
    return shared;
  }
  wamp::Payload view() const {
    if (!octets) return {serializer, {}, {}};
    return {serializer, octets->bytes().first(args_length), octets->bytes().subspan(args_length)};
  }
};

/// The caller's half of a call: whom the answer is for.
struct CallRef {
  SessionRef caller;
  Id request = 0;
  bool operator==(const CallRef&) const = default;
};
struct CallRefHash {
  std::size_t operator()(const CallRef& call) const {
    return IdHash()(call.request ^ IdHash()((std::uint64_t{call.caller.slot} << 32 | call.caller.generation) ^
                                            std::uint64_t{call.caller.core} << 56));
  }
};

/// Who called or published, where the permission that let them says `disclose`.
struct Identity {
  Id session = 0;  // 0: not disclosed
  std::string authid, authrole;
};

// From a session's core to the realm's home core.
struct Subscribe {
  RealmId realm;
  SessionRef session;
  Id request;
  wamp::Match match;
  std::string uri;
};
struct Register {
  RealmId realm;
  SessionRef session;
  Id request;
  wamp::Match match;
  std::string uri;
};
/// Gives subscriptions and registrations back, by request or because the session is gone. Only an UNREGISTER is
/// answered from here (`unregister_request`, else 0), so that whoever has UNREGISTERED can rely on the name being free.
struct Release {
  RealmId realm;
  SessionRef session;
  Id unregister_request = 0;
  std::vector<Id> subscriptions, registrations;
};

// From the home core back.
struct Subscribed {
  RealmId realm;
  SessionRef session;
  Id request;
  wamp::Match match;
  Id subscription;
};
struct Registered {
  RealmId realm;
  SessionRef session;
  Id request;
  wamp::Match match;
  Id registration;  // 0: failed with `error`
  std::string error;
};
struct Unregistered {
  SessionRef session;
  Id request;
};

// From the publisher's core to each core with subscribers.
struct Event {
  RealmId realm;
  Id publication;
  std::vector<Id> subscriptions;
  std::string topic;
  Identity publisher;
  SharedPayload payload;
  std::shared_ptr<const wamp::PublishOptions> lists;  // black- and whitelists, if any
};

// Between the two halves of a call.
struct Invoke {
  RealmId realm;
  CallRef call;
  SessionRef callee;
  Id registration;
  std::string procedure;  // empty: the registration is exact
  Identity caller;
  SharedPayload payload;
};
/// The caller canceled the call, or is gone.
struct Cancel {
  RealmId realm;
  CallRef call;
  SessionRef callee;
  wamp::CancelMode mode;
};
struct CallResult {
  RealmId realm;
  CallRef call;
  SharedPayload payload;
};
struct CallError {
  RealmId realm;
  CallRef call;
  std::string error;
  SharedPayload payload;
};

using Envelope = std::variant<Subscribe, Register, Release, Subscribed, Registered, Unregistered, Event, Invoke, Cancel,
                              CallResult, CallError>;

/// How a core's letters reach the others. Letters from one core to another arrive in order, once each.
class Bus {
 public:
  virtual ~Bus() = default;
  virtual void post(CoreId to, Envelope envelope) = 0;
};

}  // namespace transom::router
