#include "wamp/layout.h"

#include <array>

namespace transom::wamp {
namespace {

constexpr Field kRequest{FieldKind::first_id, "Request|id"};
constexpr Field kOptions{FieldKind::dict, "Options|dict"};
constexpr Field kDetails{FieldKind::dict, "Details|dict"};
constexpr Field kExtra{FieldKind::dict, "Extra|dict"};
constexpr Field kTopic{FieldKind::uri, "Topic|uri"};
constexpr Field kProcedure{FieldKind::uri, "Procedure|uri"};
constexpr Field kReason{FieldKind::uri, "Reason|uri"};

constexpr Field first(std::string_view name) { return {FieldKind::first_id, name}; }
constexpr Field second(std::string_view name) { return {FieldKind::second_id, name}; }

// Basic Profile, "Messages"; EVENT_RECEIVED as Autobahn sends it.
constexpr Layout kLayouts[] = {
    {MessageType::hello, "HELLO", Tail::none, 2, {{FieldKind::realm, "Realm|uri"}, kDetails}},
    {MessageType::welcome, "WELCOME", Tail::none, 2, {second("Session|id"), kDetails}},
    {MessageType::abort, "ABORT", Tail::payload, 2, {kDetails, kReason}},
    {MessageType::challenge, "CHALLENGE", Tail::none, 2, {{FieldKind::uri, "AuthMethod|string"}, kExtra}},
    {MessageType::authenticate, "AUTHENTICATE", Tail::none, 2, {{FieldKind::signature, "Signature|string"}, kExtra}},
    {MessageType::goodbye, "GOODBYE", Tail::none, 2, {kDetails, kReason}},
    {MessageType::error,
     "ERROR",
     Tail::payload,
     4,
     {{FieldKind::request_type, "REQUEST.Type|int"},
      first("REQUEST.Request|id"),
      kDetails,
      {FieldKind::uri, "Error|uri"}}},
    {MessageType::publish, "PUBLISH", Tail::payload, 3, {kRequest, kOptions, kTopic}},
    {MessageType::published, "PUBLISHED", Tail::none, 2, {first("PUBLISH.Request|id"), second("Publication|id")}},
    {MessageType::subscribe, "SUBSCRIBE", Tail::none, 3, {kRequest, kOptions, kTopic}},
    {MessageType::subscribed, "SUBSCRIBED", Tail::none, 2, {first("SUBSCRIBE.Request|id"), second("Subscription|id")}},
    {MessageType::unsubscribe, "UNSUBSCRIBE", Tail::none, 2, {kRequest, second("SUBSCRIBED.Subscription|id")}},
    {MessageType::unsubscribed, "UNSUBSCRIBED", Tail::revocation, 1, {first("UNSUBSCRIBE.Request|id")}},
    {MessageType::event,
     "EVENT",
     Tail::payload,
     3,
     {first("SUBSCRIBED.Subscription|id"), second("PUBLISHED.Publication|id"), kDetails}},
    {MessageType::call, "CALL", Tail::payload, 3, {kRequest, kOptions, kProcedure}},
    {MessageType::cancel, "CANCEL", Tail::none, 2, {first("CALL.Request|id"), kOptions}},
    {MessageType::result, "RESULT", Tail::payload, 2, {first("CALL.Request|id"), kDetails}},
    {MessageType::register_, "REGISTER", Tail::none, 3, {kRequest, kOptions, kProcedure}},
    {MessageType::registered, "REGISTERED", Tail::none, 2, {first("REGISTER.Request|id"), second("Registration|id")}},
    {MessageType::unregister, "UNREGISTER", Tail::none, 2, {kRequest, second("REGISTERED.Registration|id")}},
    {MessageType::unregistered, "UNREGISTERED", Tail::revocation, 1, {first("UNREGISTER.Request|id")}},
    {MessageType::invocation,
     "INVOCATION",
     Tail::payload,
     3,
     {kRequest, second("REGISTERED.Registration|id"), kDetails}},
    {MessageType::interrupt, "INTERRUPT", Tail::none, 2, {first("INVOCATION.Request|id"), kOptions}},
    {MessageType::yield, "YIELD", Tail::payload, 2, {first("INVOCATION.Request|id"), kOptions}},
    {MessageType::event_received, "EVENT_RECEIVED", Tail::none, 1, {first("PUBLISHED.Publication|id")}},
};

constexpr std::size_t kIndexed = 71;  // the codes of the spec's text are below it

constexpr std::array<const Layout*, kIndexed> make_index() {
  std::array<const Layout*, kIndexed> index{};
  for (const Layout& layout : kLayouts) {
    auto code = static_cast<std::size_t>(layout.type);
    if (code < kIndexed) index[code] = &layout;
  }
  return index;
}
constexpr std::array<const Layout*, kIndexed> kIndex = make_index();

}  // namespace

const Layout* find_layout(std::uint64_t code) {
  if (code < kIndexed) return kIndex[code];
  return code == static_cast<std::uint64_t>(MessageType::event_received) ? std::end(kLayouts) - 1 : nullptr;
}

std::string_view to_string(MessageType type) {
  const Layout* layout = find_layout(static_cast<std::uint64_t>(type));
  return layout == nullptr ? "UNKNOWN" : layout->name;
}

}  // namespace transom::wamp
