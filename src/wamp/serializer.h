// Between octets and messages: one table row per serialization.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "wamp/message.h"
#include "wire/value_writer.h"

namespace transom::wamp {

struct SerializerInfo {
  SerializerId id;
  std::string_view name;         // as in the `serializers` list of a config: "json"
  std::string_view subprotocol;  // "wamp.2.json"
  bool text;                     // WebSocket text messages (JSON) or binary ones
};

/// The whole table, in the order in which a node offers them when nothing is configured.
std::span<const SerializerInfo> serializers();
const SerializerInfo& serializer_info(SerializerId id);
std::optional<SerializerId> serializer_by_name(std::string_view name);
std::optional<SerializerId> serializer_by_subprotocol(std::string_view subprotocol);

/// Decodes one message. Validates all of it, the untouched payload included (well-formed, UTF-8 strings, nesting at
/// most kMaxNesting, nothing behind the end), so that a malformed tail never reaches a subscriber. Accepts every
/// integer width and integral floats as ids. The error is one line for ABORT wamp.error.protocol_violation.
/// `utf8_checked` says that a text transport has checked the UTF-8 of `octets` already.
Status decode(SerializerId serializer, ByteSpan octets, bool utf8_checked, Message& out);

/// Deepest nesting of arrays and maps in one message.
inline constexpr int kMaxNesting = 64;

/// Writes one message into `out` (appended). Use: construct, the fields in order, `finish`.
///   Encoder e(to, out, MessageType::event, 3, payload);   // 3 = fields between the code and the payload
///   e.id(subscription); e.id(publication); e.empty_dict(); e.finish();
/// A payload in another serialization is transcoded, faithfully (see transcode.h).
class Encoder {
 public:
  Encoder(SerializerId to, Buffer& out, MessageType type, std::size_t field_count, const Payload& payload = {});
  Encoder& id(std::uint64_t value);
  Encoder& text(std::string_view value);  // URIs and strings; valid UTF-8
  Encoder& empty_dict();
  /// A map known key by key: `dict(2)`, then `key(..)` with one value each; the values by the calls of this class.
  Encoder& dict(std::size_t count);
  Encoder& key(std::string_view name);
  Encoder& boolean(bool value);
  /// Any value from a tree: WELCOME.Details and the like. Cold.
  Encoder& json(const nlohmann::json& value);
  /// Any value that stands ready in a serialization, such as the details of a received message.
  Encoder& raw(SerializerId from, ByteSpan value);
  /// Appends the payload and closes the message. Needed exactly once.
  void finish();

 private:
  static constexpr int kMaxDicts = 4;
  Encoder& complete();

  SerializerId to_;
  Buffer& out_;
  wire::ValueWriter writer_;
  Payload payload_;
  int depth_ = 0;                      // open dicts
  std::size_t pairs_[kMaxDicts] = {};  // pairs that each still needs
};

/// A raw value as a tree, for cold paths (HELLO.Details, tools). Binary becomes nlohmann's binary type.
Result<nlohmann::json> decode_value(SerializerId serializer, ByteSpan raw);
/// A tree as a raw value, appended to `out`.
void encode_value(SerializerId serializer, const nlohmann::json& value, Buffer& out);

}  // namespace transom::wamp
