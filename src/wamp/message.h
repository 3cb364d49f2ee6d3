// The WAMP message envelope (WAMP spec, Basic Profile "Messages"): decoded as a view; args and kwargs stay raw.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace transom::wamp {

/// Session-scope request ids and router/global-scope ids: 1 to 2^53.
using Id = std::uint64_t;
inline constexpr Id kMaxId = Id{1} << 53;

enum class MessageType : std::uint16_t {
  none = 0,
  hello = 1,
  welcome = 2,
  abort = 3,
  challenge = 4,
  authenticate = 5,
  goodbye = 6,
  error = 8,
  publish = 16,
  published = 17,
  subscribe = 32,
  subscribed = 33,
  unsubscribe = 34,
  unsubscribed = 35,
  event = 36,
  call = 48,
  cancel = 49,
  result = 50,
  register_ = 64,
  registered = 65,
  unregister = 66,
  unregistered = 67,
  invocation = 68,
  interrupt = 69,
  yield = 70,
  event_received = 337,  // not in the spec's text; Autobahn sends it, a test vector exists
};

/// The spec's name, e.g. "PUBLISH"; "UNKNOWN" for others.
std::string_view to_string(MessageType type);

/// The serializations this router speaks. `json` is text, the others are binary.
enum class SerializerId : std::uint8_t { json, msgpack, cbor };
inline constexpr std::size_t kSerializerCount = 3;

/// Arguments and ArgumentsKw as raw octets in one serialization. Empty span: absent. `args` may be one binary instead
/// of a list (payload transparency, as Autobahn sends it).
struct Payload {
  SerializerId serializer = SerializerId::json;
  ByteSpan args;
  ByteSpan kwargs;
};

/// One decoded message. Spans and views point into the received octets or into `scratch` (strings that had escapes),
/// so it is valid while both live. Reuse one Message per core: decoding allocates only for escaped strings.
struct Message {
  MessageType type = MessageType::none;
  Id request = 0;  // the first id; for SUBSCRIBED etc. too
  Id id = 0;       // the second id: subscription, registration, publication, or WELCOME.Session
  MessageType request_type = MessageType::none;  // ERROR only
  std::string_view uri;        // realm, topic, procedure, reason or error URI; AuthMethod of CHALLENGE
  std::string_view signature;  // AUTHENTICATE only
  bool realm_is_null = false;  // HELLO only: Realm|null, the router is asked to choose
  ByteSpan details;            // the Options|dict, Details|dict or Extra|dict, raw; empty span when the type has none
  Payload payload;
  std::string scratch[2];  // storage for unescaped strings
};

}  // namespace transom::wamp
