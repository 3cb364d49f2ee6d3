#include "router/dealer.h"

#include "router/limits.h"
#include "router/realm.h"
#include "router/router_core.h"
#include "router/session.h"

namespace transom::router {

using wamp::MessageType;

void Dealer::register_procedure(Session& session, const wamp::Message& message) {
  const auto options = wamp::read_match_options(message.payload.serializer, message.details);
  if (!options) return session.violate("REGISTER: " + options.error().message);
  const auto refuse = [&](std::string_view uri, std::string_view text) {
    session.send_error(MessageType::register_, message.request, uri, text);
  };
  if (!wamp::is_valid_pattern(message.uri, realm_.shared.uri_check, options->match) ||
      wamp::is_reserved_uri(message.uri)) {
    return refuse("wamp.error.invalid_uri", "the procedure is not a valid URI to register");
  }
  if (options->invoke != "single") {
    return refuse("wamp.error.feature_not_supported", "shared registrations are not supported");
  }
  if (options->match == wamp::Match::wildcard && has_too_many_components(message.uri)) {
    return refuse("wamp.error.invalid_uri", "the wildcard pattern has too many components");
  }
  if (!session.authorizer().decide(Action::register_, message.uri).allow) {
    return refuse("wamp.error.not_authorized", "not authorized to register this procedure");
  }
  if (session.registrations.size() + session.requests_at_home >= kMaxRegistrationsPerSession) {
    return refuse("transom.error.limit_exceeded", "this session has too many registrations");
  }
  ++session.requests_at_home;
  core_.post(realm_.shared.home,
             Register{realm_.shared.id, session.ref(), message.request, options->match, std::string(message.uri)});
}

void Dealer::on_registered(const Registered& letter) {
  Session* session = core_.find(letter.session);
  if (session == nullptr || !session->joined()) {
    if (letter.registration == 0) return;
    return core_.post(realm_.shared.home, Release{realm_.shared.id, letter.session, 0, {}, {letter.registration}});
  }
  --session->requests_at_home;
  if (letter.registration == 0) {
    return session->send_error(MessageType::register_, letter.request, letter.error,
                               "the procedure is registered already");
  }
  session->registrations.emplace(letter.registration, letter.match);
  auto reply = session->encoder(MessageType::registered, 2);
  reply.id(letter.request).id(letter.registration);
  session->send(reply);
}

void Dealer::unregister(Session& session, const wamp::Message& message) {
  if (session.registrations.erase(message.id) == 0) {
    return session.send_error(MessageType::unregister, message.request, "wamp.error.no_such_registration",
                              "this session has no registration of that id");
  }
  core_.post(realm_.shared.home, Release{realm_.shared.id, session.ref(), message.request, {}, {message.id}});
}

void Dealer::call(Session& caller, const wamp::Message& message) {
  const auto options = wamp::read_call_options(message.payload.serializer, message.details);
  if (!options) return caller.violate("CALL: " + options.error().message);
  if (caller.pending_calls.contains(message.request)) {  // before any ERROR, which would seem to answer that call
    return caller.violate("CALL: the request id belongs to a call that is still pending");
  }
  const auto refuse = [&](std::string_view uri, std::string_view text) {
    caller.send_error(MessageType::call, message.request, uri, text);
  };
  if (!wamp::is_valid_uri(message.uri, realm_.shared.uri_check)) {
    return refuse("wamp.error.invalid_uri", "the procedure is not a valid URI to call");
  }
  const Decision decision = caller.authorizer().decide(Action::call, message.uri);
  if (!decision.allow) {
    return refuse("wamp.error.not_authorized", "not authorized to call this procedure");
  }
  wamp::Match match;
  const RegistrationEntry* registration = realm_.snapshot().registrations.best_match(message.uri, match);
  // No application stands in for the router, not even by a pattern such as "" or "..count".
  if (registration == nullptr || wamp::is_reserved_uri(message.uri)) {
    return refuse("wamp.error.no_such_procedure", fmt::format("no callee registered for procedure <{}>", message.uri));
  }
  if (caller.pending_calls.size() >= kMaxPendingCallsPerSession) {
    return refuse("transom.error.limit_exceeded", "this session has too many pending calls");
  }
  const RegistrationEntry target = *registration;  // the snapshot may be replaced below
  caller.pending_calls.emplace(message.request, target.callee);
  const CallRef call{caller.ref(), message.request};
  const std::string_view procedure = match == wamp::Match::exact ? std::string_view() : message.uri;
  if (target.callee.core == core_.id()) {
    return invoke(core_.find(target.callee), target.id, call, procedure, caller.identity(decision.disclose),
                  message.payload);
  }
  core_.post(target.callee.core, Invoke{realm_.shared.id, call, target.callee, target.id, std::string(procedure),
                                        caller.identity(decision.disclose), SharedPayload::copy(message.payload)});
}

void Dealer::on_invoke(const Invoke& letter) {
  invoke(core_.find(letter.callee), letter.registration, letter.call, letter.procedure, letter.caller,
         letter.payload.view());
}

void Dealer::invoke(Session* callee, Id registration, const CallRef& call, std::string_view procedure,
                    const Identity& caller, const wamp::Payload& payload) {
  // Not joined, or not (yet, any more) the registration's owner: the caller was ahead of REGISTERED or behind
  // UNREGISTER, and either way there is no procedure for it.
  if (callee == nullptr || !callee->joined() || !callee->registrations.contains(registration)) {
    return finish_with_error(call, "wamp.error.no_such_procedure", {});
  }
  // A pattern may cover procedures that the callee's role must not provide: the procedure itself is judged as well.
  if (!procedure.empty() && !callee->authorizer().decide(Action::register_, procedure).allow) {
    return finish_with_error(call, "wamp.error.no_such_procedure", {});
  }
  if (callee->invocations.size() >= kMaxInvocationsPerSession) {
    return finish_with_error(call, "transom.error.limit_exceeded", {});
  }
  const Id request = callee->add_invocation(call);
  auto invocation = callee->encoder(MessageType::invocation, 3, payload);
  invocation.id(request).id(registration);
  Session::write_details(invocation, "procedure", procedure, "caller", caller);
  callee->send(invocation);
}

void Dealer::yield(Session& callee, const wamp::Message& message) {
  const auto options = wamp::read_call_options(message.payload.serializer, message.details);
  if (!options) return callee.violate("YIELD: " + options.error().message);
  const auto call = callee.take_invocation(message.request);
  if (!call) {
    // One that was issued may have crossed the caller's leave; one that never was is a violation.
    if (message.request > callee.last_invocation) callee.violate("YIELD: no INVOCATION of that id was sent");
    return;
  }
  finish_with_result(*call, message.payload);
}

void Dealer::invocation_error(Session& callee, const wamp::Message& message) {
  if (message.request_type != MessageType::invocation) {
    return callee.violate("ERROR: REQUEST.Type must be 68 (INVOCATION)");
  }
  const auto call = callee.take_invocation(message.request);
  if (!call) {
    if (message.request > callee.last_invocation) callee.violate("ERROR: no INVOCATION of that id was sent");
    return;
  }
  const bool valid = wamp::is_valid_uri(message.uri, wamp::UriCheck::loose);
  finish_with_error(*call, valid ? message.uri : "wamp.error.invalid_uri", message.payload);
}

void Dealer::cancel(Session& caller, const wamp::Message& message) {
  const auto mode = wamp::read_cancel_mode(message.payload.serializer, message.details);
  if (!mode) return caller.violate("CANCEL: " + mode.error().message);
  const auto found = caller.pending_calls.find(message.request);
  if (found == caller.pending_calls.end()) return;  // it crossed the answer
  const Cancel letter{realm_.shared.id, {caller.ref(), message.request}, found->second, *mode};
  if (*mode != wamp::CancelMode::kill) {
    caller.pending_calls.erase(found);
    caller.send_error(MessageType::call, message.request, "wamp.error.canceled", "the caller canceled the call");
  }
  if (*mode != wamp::CancelMode::skip) core_.post(letter.callee.core, letter);
}

void Dealer::on_cancel(const Cancel& letter) {
  Session* callee = core_.find(letter.callee);
  if (callee == nullptr || !callee->joined()) return;  // its end has answered the call
  const auto found = callee->invoked.find(letter.call);
  if (found == callee->invoked.end()) return;  // answered, or interrupted already
  if (!callee->can_be_interrupted()) {
    // As mode skip: the caller need not wait for an answer that nobody can hurry.
    if (letter.mode == wamp::CancelMode::kill) finish_with_error(letter.call, "wamp.error.canceled", {});
    return;
  }
  auto interrupt = callee->encoder(MessageType::interrupt, 2);
  interrupt.id(found->second).dict(1).key("mode").text(to_string(letter.mode));
  callee->invoked.erase(found);
  callee->send(interrupt);
}

void Dealer::finish_with_result(const CallRef& call, const wamp::Payload& payload) {
  if (call.caller.core == core_.id()) return send_result(call, payload);
  core_.post(call.caller.core, CallResult{realm_.shared.id, call, SharedPayload::copy(payload)});
}

void Dealer::finish_with_error(const CallRef& call, std::string_view error, const wamp::Payload& payload) {
  if (call.caller.core == core_.id()) return send_error(call, error, payload);
  core_.post(call.caller.core, CallError{realm_.shared.id, call, std::string(error), SharedPayload::copy(payload)});
}

void Dealer::on_call_result(const CallResult& letter) { send_result(letter.call, letter.payload.view()); }

void Dealer::on_call_error(const CallError& letter) { send_error(letter.call, letter.error, letter.payload.view()); }

Session* Dealer::pending_caller(const CallRef& call) {
  Session* caller = core_.find(call.caller);
  return caller != nullptr && caller->pending_calls.erase(call.request) > 0 ? caller : nullptr;
}

void Dealer::send_result(const CallRef& call, const wamp::Payload& payload) {
  Session* caller = pending_caller(call);
  if (caller == nullptr) return;
  auto result = caller->encoder(MessageType::result, 2, payload);
  result.id(call.request).empty_dict();
  caller->send(result);
}

void Dealer::send_error(const CallRef& call, std::string_view error, const wamp::Payload& payload) {
  if (Session* caller = pending_caller(call)) caller->send_error(MessageType::call, call.request, error, payload);
}

std::vector<Id> Dealer::leave(Session& session) {
  const auto pending = std::exchange(session.pending_calls, {});
  // Emptied first: an error to a caller of the same session finds nothing pending any more.
  const auto owed = std::exchange(session.invocations, {});
  session.invoked = {};
  for (const auto& [request, callee] : pending) {
    core_.post(callee.core, Cancel{realm_.shared.id, {session.ref(), request}, callee, wamp::CancelMode::killnowait});
  }
  for (const auto& [request, call] : owed) finish_with_error(call, "wamp.error.canceled", {});
  const auto held = std::exchange(session.registrations, {});
  std::vector<Id> ids;
  ids.reserve(held.size());
  for (const auto& [registration, match] : held) ids.push_back(registration);
  return ids;
}

}  // namespace transom::router
