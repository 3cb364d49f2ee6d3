// Routed remote procedure calls of one realm on one core (WAMP spec, Basic Profile "Remote Procedure Calls"; Advanced
// Profile: pattern_based_registration, call_canceling).
//
// A call is two halves. The caller's core keeps: this request of this session waits for that callee. The callee's core
// keeps: this invocation of this session answers that call. Each half ends with its session, and tells the other: the
// caller gets an ERROR, the callee an INTERRUPT if it can take one.
#pragma once
#include <string_view>
#include <vector>

#include "router/envelope.h"
#include "wamp/message.h"

namespace transom::router {

class RouterCore;
class Session;
struct RealmPart;

class Dealer {
 public:
  Dealer(RouterCore& core, RealmPart& realm) : core_(core), realm_(realm) {}

  // Requests of a session of this core.
  void register_procedure(Session& session, const wamp::Message& message);
  void unregister(Session& session, const wamp::Message& message);
  void call(Session& caller, const wamp::Message& message);
  void cancel(Session& caller, const wamp::Message& message);
  void yield(Session& callee, const wamp::Message& message);
  void invocation_error(Session& callee, const wamp::Message& message);
  /// Ends the invocations the session still owes; gives the registrations to release at the home core.
  std::vector<Id> leave(Session& session);

  // Letters.
  void on_registered(const Registered& letter);
  void on_invoke(const Invoke& letter);
  void on_cancel(const Cancel& letter);
  void on_call_result(const CallResult& letter);
  void on_call_error(const CallError& letter);

 private:
  void invoke(Session* callee, Id registration, const CallRef& call, std::string_view procedure, const Identity& caller,
              const wamp::Payload& payload);
  void send_result(const CallRef& call, const wamp::Payload& payload);
  void send_error(const CallRef& call, std::string_view error, const wamp::Payload& payload);
  void finish_with_result(const CallRef& call, const wamp::Payload& payload);
  void finish_with_error(const CallRef& call, std::string_view error, const wamp::Payload& payload);
  Session* pending_caller(const CallRef& call);

  RouterCore& core_;
  RealmPart& realm_;
};

}  // namespace transom::router
