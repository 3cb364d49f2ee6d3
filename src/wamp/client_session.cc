#include "wamp/client_session.h"

#include "wamp/serializer.h"

namespace transom::wamp {
namespace {

using nlohmann::json;

/// Which request a message answers; `none` for one that is no answer.
MessageType answered_by(const Message& message) {
  switch (message.type) {
    case MessageType::error:
      return message.request_type;
    case MessageType::published:
      return MessageType::publish;
    case MessageType::subscribed:
      return MessageType::subscribe;
    case MessageType::unsubscribed:
      return MessageType::unsubscribe;
    case MessageType::result:
      return MessageType::call;
    case MessageType::registered:
      return MessageType::register_;
    case MessageType::unregistered:
      return MessageType::unregister;
    default:
      return MessageType::none;
  }
}

/// A raw value as a tree. Decoding has validated it, so only what a tree cannot hold is lost, as null.
json tree(SerializerId serializer, ByteSpan raw) {
  if (raw.empty()) return nullptr;
  auto value = decode_value(serializer, raw);
  return value ? std::move(*value) : json();
}

ClientPayload payload_of(const Message& message) {
  return {tree(message.payload.serializer, message.payload.args),
          tree(message.payload.serializer, message.payload.kwargs)};
}

/// The octets of a payload and the views that an Encoder takes.
struct EncodedPayload {
  EncodedPayload(SerializerId serializer, const ClientPayload& payload) {
    if (!payload.args.is_null()) encode_value(serializer, payload.args, args);
    if (!payload.kwargs.is_null() && !payload.kwargs.empty()) encode_value(serializer, payload.kwargs, kwargs);
    view = {serializer, args.view(), kwargs.view()};
  }
  Buffer args, kwargs;
  Payload view;
};

std::string text_of(const json& details, const char* key) {
  const auto found = details.is_object() ? details.find(key) : details.end();
  return found != details.end() && found->is_string() ? found->get<std::string>() : std::string();
}

json client_roles() {
  return {{"publisher", {{"features", json::object()}}},
          {"subscriber", {{"features", {{"pattern_based_subscription", true}}}}},
          {"caller", {{"features", json::object()}}},
          {"callee", {{"features", json::object()}}}};
}

}  // namespace

void ClientSession::join() {
  if (state_ != State::fresh) return;
  state_ = State::joining;
  json details = {{"roles", client_roles()}, {"authmethods", json::array({"anonymous"})}};
  if (identity_.ticket) details["authmethods"] = json::array({"ticket", "anonymous"});
  if (!identity_.authid.empty()) details["authid"] = identity_.authid;
  if (!identity_.agent.empty()) details["agent"] = identity_.agent;
  Buffer out;
  Encoder(serializer_, out, MessageType::hello, 2).text(identity_.realm).json(details).finish();
  handler_.on_send(out.view());
}

void ClientSession::leave(std::string_view reason) {
  if (state_ != State::joined) return;
  state_ = State::leaving;
  Buffer out;
  Encoder(serializer_, out, MessageType::goodbye, 2).empty_dict().text(reason).finish();
  handler_.on_send(out.view());
}

Id ClientSession::begin_request(MessageType type) {
  if (state_ != State::joined) return 0;
  if (type != MessageType::none) pending_.emplace(last_request_ + 1, type);
  return ++last_request_;
}

Id ClientSession::publish(std::string_view topic, const ClientPayload& payload, bool acknowledge) {
  const Id request = begin_request(acknowledge ? MessageType::publish : MessageType::none);
  if (request == 0) return 0;
  const EncodedPayload encoded(serializer_, payload);
  Buffer out;
  Encoder encoder(serializer_, out, MessageType::publish, 3, encoded.view);
  encoder.id(request);
  if (acknowledge) {
    encoder.dict(1).key("acknowledge").boolean(true);
  } else {
    encoder.empty_dict();
  }
  encoder.text(topic).finish();
  handler_.on_send(out.view());
  return request;
}

Id ClientSession::send_pattern(MessageType type, std::string_view uri, Match match) {
  const Id request = begin_request(type);
  if (request == 0) return 0;
  Buffer out;
  Encoder encoder(serializer_, out, type, 3);
  encoder.id(request);
  if (match == Match::exact) {
    encoder.empty_dict();
  } else {
    encoder.dict(1).key("match").text(to_string(match));
  }
  encoder.text(uri).finish();
  handler_.on_send(out.view());
  return request;
}

Id ClientSession::subscribe(std::string_view topic, Match match) {
  return send_pattern(MessageType::subscribe, topic, match);
}

Id ClientSession::register_procedure(std::string_view procedure, Match match) {
  return send_pattern(MessageType::register_, procedure, match);
}

Id ClientSession::send_removal(MessageType type, Id id) {
  const Id request = begin_request(type);
  if (request == 0) return 0;
  Buffer out;
  Encoder(serializer_, out, type, 2).id(request).id(id).finish();
  handler_.on_send(out.view());
  return request;
}

Id ClientSession::unsubscribe(Id subscription) { return send_removal(MessageType::unsubscribe, subscription); }

Id ClientSession::unregister(Id registration) { return send_removal(MessageType::unregister, registration); }

Id ClientSession::call(std::string_view procedure, const ClientPayload& payload) {
  const Id request = begin_request(MessageType::call);
  if (request == 0) return 0;
  const EncodedPayload encoded(serializer_, payload);
  Buffer out;
  Encoder(serializer_, out, MessageType::call, 3, encoded.view).id(request).empty_dict().text(procedure).finish();
  handler_.on_send(out.view());
  return request;
}

void ClientSession::yield(Id invocation, const ClientPayload& payload) {
  if (state_ != State::joined) return;
  const EncodedPayload encoded(serializer_, payload);
  Buffer out;
  Encoder(serializer_, out, MessageType::yield, 2, encoded.view).id(invocation).empty_dict().finish();
  handler_.on_send(out.view());
}

void ClientSession::refuse(Id invocation, std::string_view error, const ClientPayload& payload) {
  if (state_ != State::joined) return;
  const EncodedPayload encoded(serializer_, payload);
  Buffer out;
  Encoder encoder(serializer_, out, MessageType::error, 4, encoded.view);
  encoder.id(static_cast<std::uint64_t>(MessageType::invocation)).id(invocation).empty_dict().text(error).finish();
  handler_.on_send(out.view());
}

void ClientSession::receive(ByteSpan octets, bool utf8_checked) {
  if (state_ == State::fresh || state_ == State::closed) return;
  Message message;
  if (auto status = decode(serializer_, octets, utf8_checked, message); !status) {
    return violate(std::move(status.error().message));
  }
  dispatch(message);
}

void ClientSession::lost(std::string message) { close({"wamp.close.transport_lost", std::move(message), false}); }

void ClientSession::dispatch(const Message& message) {
  if (message.type == MessageType::abort) return take_abort(message);
  if (state_ == State::joining) return receive_joining(message);
  if (message.type == MessageType::goodbye) return take_goodbye(message);
  // Between our GOODBYE and its answer the router may still send what was on its way.
  if (state_ == State::joined) receive_joined(message);
}

void ClientSession::receive_joining(const Message& message) {
  if (message.type == MessageType::challenge) return answer_challenge(message);
  if (message.type != MessageType::welcome) {
    return violate(fmt::format("{} came before WELCOME", to_string(message.type)));
  }
  state_ = State::joined;
  handler_.on_joined(message.id, tree(serializer_, message.details));
}

void ClientSession::answer_challenge(const Message& message) {
  if (message.uri != "ticket" || !identity_.ticket) {
    return abort("wamp.error.cannot_authenticate",
                 fmt::format("the router asks for the authentication method \"{}\"", message.uri));
  }
  Buffer out;
  Encoder(serializer_, out, MessageType::authenticate, 2).text(*identity_.ticket).empty_dict().finish();
  handler_.on_send(out.view());
}

void ClientSession::receive_joined(const Message& message) {
  if (message.type == MessageType::event) return take_event(message);
  if (message.type == MessageType::invocation) return take_invocation(message);
  if (message.type == MessageType::interrupt) return;  // a call that its caller gave up; the answer is dropped there
  if (message.type == MessageType::unsubscribed && message.request == 0) return;  // revoked by the router
  if (message.type == MessageType::unregistered && message.request == 0) return;
  if (answered_by(message) != MessageType::none) return take_reply(message);
  violate(fmt::format("{} is no message for a client in a session", to_string(message.type)));
}

void ClientSession::take_reply(const Message& message) {
  const auto found = pending_.find(message.request);
  if (found == pending_.end() || found->second != answered_by(message)) {
    return violate(fmt::format("{} for request {}, which is not open", to_string(message.type), message.request));
  }
  ClientReply reply{found->second, message.request, false, message.id, "", payload_of(message)};
  if (message.type == MessageType::error) reply.error = message.uri;
  if (message.type == MessageType::result) {
    const json details = tree(serializer_, message.details);
    reply.progress = details.is_object() && details.value("progress", json()) == json(true);
  }
  if (!reply.progress) pending_.erase(found);
  handler_.on_reply(reply);
}

void ClientSession::take_event(const Message& message) {
  handler_.on_event({message.request, message.id, tree(serializer_, message.details), payload_of(message)});
}

void ClientSession::take_invocation(const Message& message) {
  handler_.on_invocation({message.request, message.id, tree(serializer_, message.details), payload_of(message)});
}

void ClientSession::take_abort(const Message& message) {
  close({std::string(message.uri), text_of(tree(serializer_, message.details), "message"), false});
}

void ClientSession::take_goodbye(const Message& message) {
  ClientClosing closing{std::string(message.uri), text_of(tree(serializer_, message.details), "message"), true};
  if (state_ == State::joined) {
    Buffer out;
    Encoder(serializer_, out, MessageType::goodbye, 2).empty_dict().text("wamp.close.goodbye_and_out").finish();
    handler_.on_send(out.view());
  }
  close(std::move(closing));
}

void ClientSession::violate(std::string message) { abort("wamp.error.protocol_violation", std::move(message)); }

void ClientSession::abort(std::string_view reason, std::string message) {
  Buffer out;
  Encoder(serializer_, out, MessageType::abort, 2).json({{"message", message}}).text(reason).finish();
  handler_.on_send(out.view());
  close({std::string(reason), std::move(message), false});
}

void ClientSession::close(ClientClosing closing) {
  if (state_ == State::closed) return;
  state_ = State::closed;
  pending_.clear();
  handler_.on_closed(closing);
}

}  // namespace transom::wamp
