#include <nlohmann/json.hpp>

#include "wamp/serializer.h"
#include "wamp/transcode.h"
#include "wamp/tree.h"
#include "wamp/value.h"

namespace transom::wamp {

Encoder::Encoder(SerializerId to, Buffer& out, MessageType type, std::size_t field_count, const Payload& payload)
    : to_(to), out_(out), writer_(to_format(to), out), payload_(payload) {
  std::size_t payload_count = !payload.kwargs.empty() ? 2 : !payload.args.empty() ? 1 : 0;
  writer_.begin_array(1 + field_count + payload_count);
  writer_.unsigned_integer(static_cast<std::uint64_t>(type));
}

// A value is complete: closes the dict that it ends, which completes a value of the dict around that.
Encoder& Encoder::complete() {
  while (depth_ > 0 && --pairs_[depth_ - 1] == 0) {
    writer_.end_map();
    --depth_;
  }
  return *this;
}

Encoder& Encoder::id(std::uint64_t value) {
  writer_.unsigned_integer(value);
  return complete();
}

Encoder& Encoder::text(std::string_view value) {
  writer_.text(value);
  return complete();
}

Encoder& Encoder::boolean(bool value) {
  writer_.boolean(value);
  return complete();
}

Encoder& Encoder::empty_dict() { return dict(0); }

Encoder& Encoder::dict(std::size_t count) {
  writer_.begin_map(count);
  if (count == 0) {
    writer_.end_map();
    return complete();
  }
  if (depth_ == kMaxDicts) std::abort();  // a mistake of the program: no message of ours nests so deep
  pairs_[depth_++] = count;
  return *this;
}

Encoder& Encoder::key(std::string_view name) {
  writer_.key(name);
  return *this;
}

Encoder& Encoder::json(const nlohmann::json& value) {
  write_tree(value, writer_);
  return complete();
}

Encoder& Encoder::raw(SerializerId from, ByteSpan value) {
  writer_.raw({});  // the separator alone: the value goes straight to the buffer
  transcode(from, value, to_, out_);
  return complete();
}

void Encoder::finish() {
  if (!payload_.args.empty()) {
    raw(payload_.serializer, payload_.args);
  } else if (!payload_.kwargs.empty()) {
    writer_.begin_array(0);
    writer_.end_array();
  }
  if (!payload_.kwargs.empty()) raw(payload_.serializer, payload_.kwargs);
  writer_.end_array();
}

}  // namespace transom::wamp
