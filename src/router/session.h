// One WAMP session on the router's side: its life cycle from HELLO to GOODBYE or ABORT, and what it holds.
#pragma once
#include <tsl/robin_map.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/hash.h"
#include "router/authentication.h"
#include "router/envelope.h"
#include "router/ids.h"
#include "router/peer.h"
#include "wamp/serializer.h"

namespace transom::router {

class RouterCore;
class Authorizer;
struct RealmPart;

/// Owned by its transport, on one core, and registered with that core's router while it lives. One object may carry
/// several sessions one after the other (HELLO after GOODBYE).
class Session {
 public:
  /// `worker_id` says whose realms it may join; `auth` (may be null) outlives it.
  Session(RouterCore& core, Peer& peer, std::string_view worker_id, const AuthConfig* auth);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// One message from the client. `utf8_checked`: its text was found to be UTF-8 by the transport.
  void receive(ByteSpan octets, bool utf8_checked);
  /// The transport is gone, or is about to end on its own account. Everything of the session is released.
  void on_transport_closed();
  /// GOODBYE with `reason` (the node stops); the client's answer ends the transport.
  void say_goodbye(std::string_view reason, CloseReason close_reason);

  bool joined() const { return state_ == State::joined; }
  Id id() const { return id_; }
  SessionRef ref() const { return ref_; }
  Peer& peer() const { return peer_; }
  const Authorizer& authorizer() const { return *authorizer_; }
  const std::string& authid() const { return authid_; }
  const std::string& authrole() const { return authrole_; }
  /// Of an open session.
  const std::string& realm_name() const;
  /// Itself for others to see, or nobody.
  Identity identity(bool disclose) const { return disclose ? Identity{id_, authid_, authrole_} : Identity{}; }

  // For broker and dealer.
  void send(wamp::Encoder& finished);  // what the core's encode buffer holds
  /// An encoder on the core's encode buffer for one message to this session; then `send`.
  wamp::Encoder encoder(wamp::MessageType type, std::size_t field_count, const wamp::Payload& payload = {});
  /// Writes EVENT.Details or INVOCATION.Details: the concrete URI under `uri_key` when it is not empty, and the
  /// identity under "publisher" or "caller" when there is one.
  static void write_details(wamp::Encoder& message, std::string_view uri_key, std::string_view uri,
                            std::string_view role, const Identity& identity);
  /// ERROR for a request of this session; `text` becomes its only argument.
  void send_error(wamp::MessageType request_type, Id request, std::string_view uri, std::string_view text = {});
  void send_error(wamp::MessageType request_type, Id request, std::string_view uri, const wamp::Payload& payload);
  /// ABORT wamp.error.protocol_violation and the end of the transport. The object stays; it takes nothing more.
  void violate(std::string_view text);

  /// Remembers an invocation this session owes an answer to; gives its id.
  Id add_invocation(const CallRef& call);
  /// Forgets it, because it is answered; nothing when there is none of that id.
  std::optional<CallRef> take_invocation(Id request);
  /// The session can be told by INTERRUPT that an invocation is not wanted any more.
  bool can_be_interrupted() const { return can_be_interrupted_; }

  tsl::robin_map<Id, std::size_t, IdHash> subscriptions;  // id -> place in the broker's list
  tsl::robin_map<Id, wamp::Match, IdHash> registrations;
  tsl::robin_map<Id, SessionRef, IdHash> pending_calls;  // CALL.Request -> callee
  tsl::robin_map<Id, CallRef, IdHash> invocations;       // INVOCATION.Request -> the call it answers
  tsl::robin_map<CallRef, Id, CallRefHash> invoked;      // the same, the other way round, unless it was interrupted
  Id last_invocation = 0;
  std::uint32_t requests_at_home = 0;  // SUBSCRIBE and REGISTER that the home core has not answered yet

 private:
  friend class RouterCore;
  enum class State : std::uint8_t { waiting, challenged, joined, leaving, ended };

  void receive_hello(const wamp::Message& message);
  void receive_authenticate(const wamp::Message& message);
  void receive_joined(const wamp::Message& message);
  void receive_goodbye();
  void conclude(AuthOutcome outcome);
  void join(Principal principal);
  void leave();
  void abort(std::string_view uri, std::string_view message, CloseReason reason, std::string_view for_log = {});

  RouterCore& core_;
  Peer& peer_;
  RealmPart* realm_ = nullptr;
  const Authorizer* authorizer_ = nullptr;
  const AuthConfig* auth_;
  std::string_view worker_id_;
  std::unique_ptr<Authentication> authentication_;
  std::string authid_, authrole_;
  Id id_ = 0;
  SessionRef ref_;
  State state_ = State::waiting;
  bool can_be_interrupted_ = false;
  CloseReason leave_reason_ = CloseReason::peer_closed;
};

}  // namespace transom::router
