#include "router/session.h"

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "router/limits.h"
#include "router/realm.h"
#include "router/router_core.h"
#include "wamp/serializer.h"

namespace transom::router {
namespace {

using wamp::MessageType;

/// What WELCOME announces; every line of it is true.
const nlohmann::json& router_roles() {
  static const nlohmann::json roles = {
      {"broker",
       {{"features",
         {{"pattern_based_subscription", true},
          {"publisher_exclusion", true},
          {"subscriber_blackwhite_listing", true}}}}},
      {"dealer", {{"features", {{"call_canceling", true}, {"pattern_based_registration", true}}}}},
  };
  return roles;
}

bool announces_a_role(const nlohmann::json& details) {
  const auto roles = details.find("roles");
  if (roles == details.end() || !roles->is_object()) return false;
  for (const char* role : {"publisher", "subscriber", "caller", "callee"}) {
    const auto found = roles->find(role);
    if (found != roles->end() && found->is_object()) return true;
  }
  return false;
}

bool announces_call_canceling(const nlohmann::json& details) {
  static const nlohmann::json::json_pointer feature("/roles/callee/features/call_canceling");
  return details.contains(feature) && details[feature] == true;
}

}  // namespace

Session::Session(RouterCore& core, Peer& peer, std::string_view worker_id, const AuthConfig* auth)
    : core_(core), peer_(peer), auth_(auth), worker_id_(worker_id) {}

Session::~Session() { on_transport_closed(); }

const std::string& Session::realm_name() const { return realm_->shared.name; }

void Session::receive(ByteSpan octets, bool utf8_checked) {
  if (state_ == State::ended) return;
  wamp::Message& message = core_.message_buffer();
  if (auto decoded = wamp::decode(peer_.serializer(), octets, utf8_checked, message); !decoded) {
    return violate(decoded.error().message);
  }
  if (message.type == MessageType::abort) {  // allowed at any time, never answered
    log_info("{}: the client aborted the session: {}", peer_.name(), log_safe(message.uri));
    leave();
    state_ = State::ended;
    return peer_.end(CloseReason::peer_closed);
  }
  switch (state_) {
    case State::waiting:
      return receive_hello(message);
    case State::challenged:
      return receive_authenticate(message);
    case State::joined:
      return receive_joined(message);
    case State::leaving:
      if (message.type == MessageType::goodbye) receive_goodbye();
      return;  // what was under way when the GOODBYE left is not answered any more
    case State::ended:
      return;
  }
}

void Session::receive_hello(const wamp::Message& message) {
  if (message.type != MessageType::hello) {
    return violate(fmt::format("{} before the session was opened by HELLO", to_string(message.type)));
  }
  const auto details = wamp::decode_value(message.payload.serializer, message.details);
  if (!details) return violate("HELLO: " + details.error().message);
  if (!announces_a_role(*details)) {
    return violate("HELLO: Details.roles must announce at least one of publisher, subscriber, caller, callee");
  }
  const std::string realm(message.uri);
  if (!message.realm_is_null && core_.find_realm(worker_id_, realm) == nullptr) {
    return abort("wamp.error.no_such_realm", fmt::format("no realm \"{}\" exists on this router", log_safe(realm)),
                 CloseReason::wamp_refused);
  }
  can_be_interrupted_ = announces_call_canceling(*details);
  authentication_ = std::make_unique<Authentication>(auth_, core_.random());
  if (!Authentication::wants_certificate(auth_)) return conclude(authentication_->hello(realm, *details));
  const TransportFacts facts = peer_.transport_facts();
  conclude(authentication_->hello(realm, *details, facts.certificate ? &*facts.certificate : nullptr));
}

void Session::receive_authenticate(const wamp::Message& message) {
  if (message.type != MessageType::authenticate) {
    return violate(fmt::format("{} instead of AUTHENTICATE", to_string(message.type)));
  }
  conclude(authentication_->authenticate(message.signature));
}

void Session::conclude(AuthOutcome outcome) {
  if (auto* principal = std::get_if<Principal>(&outcome)) {
    authentication_.reset();
    return join(std::move(*principal));
  }
  if (const auto* challenge = std::get_if<Challenge>(&outcome)) {
    state_ = State::challenged;
    auto message = encoder(MessageType::challenge, 2);
    message.text(challenge->method).empty_dict();
    return send(message);
  }
  const auto& refusal = std::get<Refusal>(outcome);
  abort(refusal.uri, refusal.message, CloseReason::wamp_refused, refusal.for_log);
}

void Session::join(Principal principal) {
  realm_ = core_.find_realm(worker_id_, principal.realm);
  if (realm_ == nullptr) {
    return abort("wamp.error.no_such_realm",
                 fmt::format("no realm \"{}\" exists on this router", log_safe(principal.realm)),
                 CloseReason::wamp_refused);
  }
  const auto role = realm_->shared.roles.find(principal.authrole);
  if (role == realm_->shared.roles.end()) {
    return abort("wamp.error.no_such_role",
                 fmt::format("realm \"{}\" has no role \"{}\"", principal.realm, principal.authrole),
                 CloseReason::wamp_refused);
  }
  if (core_.session_count() >= kMaxSessionsPerCore) {
    return abort("wamp.error.unavailable", "this router has no room for another session", CloseReason::wamp_refused);
  }
  authorizer_ = &role->second;
  authid_ = std::move(principal.authid);
  authrole_ = std::move(principal.authrole);
  id_ = core_.random_id();
  ref_ = core_.add(*this);
  ++realm_->session_count;
  state_ = State::joined;
  const nlohmann::json details = {{"realm", principal.realm},
                                  {"authid", authid_},
                                  {"authrole", authrole_},
                                  {"authmethod", principal.authmethod},
                                  {"authprovider", principal.authprovider},
                                  {"authextra", nlohmann::json::object()},
                                  {"agent", "Transom/" TRANSOM_VERSION},
                                  {"transport", describe(peer_.transport_facts())},
                                  {"roles", router_roles()}};
  auto welcome = encoder(MessageType::welcome, 2);
  welcome.id(id_).json(details);
  send(welcome);
  peer_.on_joined();
  log_debug("{}: session {} joined realm {} as {} ({})", peer_.name(), id_, principal.realm, log_safe(authid_),
            authrole_);
}

void Session::receive_joined(const wamp::Message& message) {
  switch (message.type) {
    case MessageType::publish:
      return realm_->broker.publish(*this, message);
    case MessageType::subscribe:
      return realm_->broker.subscribe(*this, message);
    case MessageType::unsubscribe:
      return realm_->broker.unsubscribe(*this, message);
    case MessageType::register_:
      return realm_->dealer.register_procedure(*this, message);
    case MessageType::unregister:
      return realm_->dealer.unregister(*this, message);
    case MessageType::call:
      return realm_->dealer.call(*this, message);
    case MessageType::cancel:
      return realm_->dealer.cancel(*this, message);
    case MessageType::yield:
      return realm_->dealer.yield(*this, message);
    case MessageType::error:
      return realm_->dealer.invocation_error(*this, message);
    case MessageType::goodbye:
      return receive_goodbye();
    case MessageType::event_received:
      return;
    default:
      return violate(fmt::format("{} is not for a router in an open session", to_string(message.type)));
  }
}

void Session::receive_goodbye() {
  if (state_ == State::leaving) {
    state_ = State::ended;
    return peer_.end(leave_reason_);
  }
  auto goodbye = encoder(MessageType::goodbye, 2);
  goodbye.empty_dict().text("wamp.close.goodbye_and_out");
  send(goodbye);
  leave();
  state_ = State::waiting;
  peer_.on_left();
}

void Session::say_goodbye(std::string_view reason, CloseReason close_reason) {
  leave_reason_ = close_reason;
  if (state_ != State::joined) {
    state_ = State::ended;
    return peer_.end(close_reason);
  }
  auto goodbye = encoder(MessageType::goodbye, 2);
  goodbye.empty_dict().text(reason);
  send(goodbye);
  leave();
  state_ = State::leaving;
}

void Session::on_transport_closed() {
  leave();
  state_ = State::ended;
}

void Session::leave() {
  if (realm_ == nullptr || !ref_) return;
  // From here on `joined()` must be false, so that nothing more is sent to the session on its way out.
  state_ = State::ended;
  Release release{realm_->shared.id, ref_, 0, realm_->broker.leave(*this), realm_->dealer.leave(*this)};
  if (!release.subscriptions.empty() || !release.registrations.empty()) {
    core_.post(realm_->shared.home, std::move(release));
  }
  core_.remove(ref_);
  --realm_->session_count;
  realm_ = nullptr;
  authorizer_ = nullptr;
  ref_ = {};
  requests_at_home = 0;
  last_invocation = 0;
}

void Session::write_details(wamp::Encoder& message, std::string_view uri_key, std::string_view uri,
                            std::string_view role, const Identity& identity) {
  const std::size_t count = (uri.empty() ? 0 : 1) + (identity.session == 0 ? 0 : 3);
  if (count == 0) {
    message.empty_dict();
    return;
  }
  message.dict(count);
  if (!uri.empty()) message.key(uri_key).text(uri);
  if (identity.session == 0) return;
  message.key(role).id(identity.session);
  message.key(fmt::format("{}_authid", role)).text(identity.authid);
  message.key(fmt::format("{}_authrole", role)).text(identity.authrole);
}

Id Session::add_invocation(const CallRef& call) {
  last_invocation = last_invocation % wamp::kMaxId + 1;
  invocations.insert_or_assign(last_invocation, call);
  invoked.insert_or_assign(call, last_invocation);
  return last_invocation;
}

std::optional<CallRef> Session::take_invocation(Id request) {
  const auto found = invocations.find(request);
  if (found == invocations.end()) return std::nullopt;
  const CallRef call = found->second;
  invocations.erase(found);
  const auto by_call = invoked.find(call);
  if (by_call != invoked.end() && by_call->second == request) invoked.erase(by_call);
  return call;
}

void Session::violate(std::string_view text) {
  abort("wamp.error.protocol_violation", text, CloseReason::wamp_protocol_error);
}

void Session::abort(std::string_view uri, std::string_view text, CloseReason reason, std::string_view for_log) {
  if (state_ == State::ended) return;
  log_info("{}: session aborted: {}: {}", peer_.name(), uri, log_safe(for_log.empty() ? text : for_log));
  auto message = encoder(MessageType::abort, 2);
  message.dict(1).key("message").text(text);
  message.text(uri);
  send(message);
  leave();
  state_ = State::ended;
  peer_.end(reason);
}

wamp::Encoder Session::encoder(MessageType type, std::size_t field_count, const wamp::Payload& payload) {
  core_.encode_buffer().clear();
  return wamp::Encoder(peer_.serializer(), core_.encode_buffer(), type, field_count, payload);
}

void Session::send(wamp::Encoder& finished) {
  finished.finish();
  peer_.send(core_.frame_encoded(peer_));
}

void Session::send_error(MessageType request_type, Id request, std::string_view uri, std::string_view text) {
  auto error = encoder(MessageType::error, text.empty() ? 4 : 5);
  error.id(static_cast<Id>(request_type)).id(request).empty_dict().text(uri);
  if (!text.empty()) error.json(nlohmann::json::array({text}));
  send(error);
}

void Session::send_error(MessageType request_type, Id request, std::string_view uri, const wamp::Payload& payload) {
  auto error = encoder(MessageType::error, 4, payload);
  error.id(static_cast<Id>(request_type)).id(request).empty_dict().text(uri);
  send(error);
}

}  // namespace transom::router
