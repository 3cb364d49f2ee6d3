// The client's side of a WAMP session, without I/O: what the command line tools and the tests speak to a router.
#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "wamp/message.h"
#include "wamp/options.h"

namespace transom::wamp {

/// A payload as trees: `args` is a list or null, `kwargs` a dict or null.
struct ClientPayload {
  nlohmann::json args, kwargs;
};

/// Who joins which realm.
struct ClientIdentity {
  std::string realm;
  std::string authid;                 // empty: none is asked for
  std::optional<std::string> ticket;  // set: the method "ticket" is offered besides "anonymous"
  std::string agent;
};

/// The answer to one request.
struct ClientReply {
  MessageType request_type = MessageType::none;
  Id request = 0;
  bool progress = false;  // RESULT: more will follow
  Id id = 0;              // publication, subscription or registration
  std::string error;      // the error's URI; empty: success
  ClientPayload payload;  // of RESULT and ERROR
};

struct ClientEvent {
  Id subscription = 0, publication = 0;
  nlohmann::json details;
  ClientPayload payload;
};

struct ClientInvocation {
  Id request = 0, registration = 0;
  nlohmann::json details;
  ClientPayload payload;
};

/// How a session ended.
struct ClientClosing {
  std::string reason;    // a URI
  std::string message;   // for people; may be empty
  bool orderly = false;  // GOODBYE and its answer; otherwise ABORT or a fault
};

/// Owned by one thread. Every message to send is handed to the handler at once; the owner hands in what it received.
/// Requests may be sent once `joined`; the handler may send more from within its calls, but must not destroy the
/// session there.
class ClientSession {
 public:
  enum class State : std::uint8_t { fresh, joining, joined, leaving, closed };

  class Handler {
   public:
    virtual ~Handler() = default;
    /// One message to send, valid during the call.
    virtual void on_send(ByteSpan message) = 0;
    virtual void on_joined(Id /*session*/, const nlohmann::json& /*details*/) {}
    virtual void on_reply(const ClientReply& /*reply*/) {}
    virtual void on_event(const ClientEvent& /*event*/) {}
    virtual void on_invocation(const ClientInvocation& /*invocation*/) {}
    /// Called once; no call follows.
    virtual void on_closed(const ClientClosing& closing) = 0;
  };

  ClientSession(ClientIdentity identity, SerializerId serializer, Handler& handler)
      : identity_(std::move(identity)), handler_(handler), serializer_(serializer) {}
  ClientSession(const ClientSession&) = delete;
  ClientSession& operator=(const ClientSession&) = delete;

  State state() const { return state_; }

  /// Sends HELLO.
  void join();
  /// Says GOODBYE; `on_closed` follows with the router's answer.
  void leave(std::string_view reason = "wamp.close.close_realm");

  // Each gives the request's id, under which `on_reply` comes; 0 when the session is not joined.
  Id publish(std::string_view topic, const ClientPayload& payload, bool acknowledge = true);
  Id subscribe(std::string_view topic, Match match = Match::exact);
  Id unsubscribe(Id subscription);
  Id call(std::string_view procedure, const ClientPayload& payload);
  Id register_procedure(std::string_view procedure, Match match = Match::exact);
  Id unregister(Id registration);

  /// Answers an invocation.
  void yield(Id invocation, const ClientPayload& payload);
  void refuse(Id invocation, std::string_view error, const ClientPayload& payload);

  /// Takes one message. What the router may not send at this point ends the session with ABORT.
  void receive(ByteSpan octets, bool utf8_checked);
  /// The transport is gone.
  void lost(std::string message);

 private:
  Id begin_request(MessageType type);
  Id send_pattern(MessageType type, std::string_view uri, Match match);
  Id send_removal(MessageType type, Id id);
  void dispatch(const Message& message);
  void receive_joining(const Message& message);
  void receive_joined(const Message& message);
  void answer_challenge(const Message& message);
  void take_reply(const Message& message);
  void take_event(const Message& message);
  void take_invocation(const Message& message);
  void take_abort(const Message& message);
  void take_goodbye(const Message& message);
  void violate(std::string message);
  void abort(std::string_view reason, std::string message);
  void close(ClientClosing closing);

  ClientIdentity identity_;
  Handler& handler_;
  SerializerId serializer_;
  State state_ = State::fresh;
  Id last_request_ = 0;
  std::map<Id, MessageType> pending_;
};

}  // namespace transom::wamp
