// What the fuzz targets of the three serializations share: whatever `decode` accepts must pass every later stage.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "wamp/options.h"
#include "wamp/serializer.h"
#include "wamp/transcode.h"
#include "wire/any_reader.h"
#include "wire/utf8.h"

namespace transom::fuzz {

using wamp::SerializerId;

inline void demand(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

/// Whether `raw` is one well-formed value and nothing else.
inline bool is_valid(SerializerId serializer, ByteSpan raw) {
  if (serializer == SerializerId::json && !wire::is_utf8(raw)) return false;
  wire::AnyReader reader(static_cast<wire::Format>(serializer), raw);
  return reader->skip().kind != wire::Kind::error && reader->at_end();
}

inline constexpr SerializerId kAll[] = {SerializerId::json, SerializerId::msgpack, SerializerId::cbor};

/// One value of a decoded message: to the other serializations, back, to a tree and back.
inline void check_value(SerializerId from, ByteSpan raw) {
  if (raw.empty()) return;
  demand(is_valid(from, raw), "a slice of a message is a value");
  for (SerializerId to : kAll) {
    Buffer there, back;
    wamp::transcode(from, raw, to, there);
    demand(is_valid(to, there.view()), "a transcoded value is valid");
    wamp::transcode(to, there.view(), from, back);
    demand(is_valid(from, back.view()), "a value transcoded back is valid");
    auto tree = wamp::decode_value(to, there.view());
    demand(tree.has_value(), "a transcoded value makes a tree");
    Buffer encoded;
    wamp::encode_value(from, *tree, encoded);
    demand(is_valid(from, encoded.view()), "an encoded tree is valid");
    if (to == SerializerId::json) continue;  // NaN is null there
    auto again = wamp::decode_value(to, there.view());
    demand(again->dump(-1, ' ', false) == tree->dump(-1, ' ', false), "a value has one tree");
  }
}

/// The payload in an EVENT of each serialization must decode there.
inline void check_event(const wamp::Message& message) {
  for (SerializerId to : kAll) {
    Buffer out;
    wamp::Encoder(to, out, wamp::MessageType::event, 3, message.payload).id(1).id(2).empty_dict().finish();
    wamp::Message event;
    Status status = wamp::decode(to, out.view(), false, event);
    // A plain string instead of a list needs the option enc_algo, which this EVENT has not.
    bool opaque_text = !status && status.error().message.find("Arguments|list") != std::string::npos;
    demand(status.has_value() || opaque_text, "an EVENT made of a payload decodes");
  }
}

inline int run(SerializerId serializer, const std::uint8_t* data, std::size_t size) {
  ByteSpan octets{data, size};
  wamp::Message message;
  if (wamp::decode(serializer, octets, false, message)) {
    (void)wamp::read_publish_options(serializer, message.details);
    (void)wamp::read_match_options(serializer, message.details);
    (void)wamp::read_call_options(serializer, message.details);
    (void)wamp::read_event_details(serializer, message.details);
    check_value(serializer, message.details);
    check_value(serializer, message.payload.args);
    check_value(serializer, message.payload.kwargs);
    check_event(message);
  }
  bool valid = is_valid(serializer, octets);
  demand(valid == wamp::decode_value(serializer, octets).has_value(), "skip and the tree agree on what is valid");
  if (valid) check_value(serializer, octets);
  return 0;
}

}  // namespace transom::fuzz
