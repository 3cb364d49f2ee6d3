// Writes values in JSON, MessagePack or CBOR, item by item, always in the shortest form; floats always as 64-bit ones.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "wire/value.h"

namespace transom::wire {

/// Appends to a buffer, which must outlive it. The caller keeps the order: a container's items behind its start, keys
/// before values, the end behind the last. The binary formats take the counts on trust, JSON ignores them.
class ValueWriter {
 public:
  ValueWriter(Format format, Buffer& out) : out_(out), format_(format) {}

  void null();
  void boolean(bool value);
  void integer(std::int64_t value);
  void unsigned_integer(std::uint64_t value);
  /// JSON has no NaN and no infinity: null.
  void floating(double value);
  void text(std::string_view value);
  /// JSON: the string of NUL and the octets in base64.
  void binary(ByteSpan value);
  void begin_array(std::uint64_t count);
  void end_array();
  void begin_map(std::uint64_t count);
  void key(std::string_view name);
  /// An integer key: in JSON its decimal digits as a string.
  void integer_key(std::int64_t value);
  void unsigned_key(std::uint64_t value);
  void end_map();
  /// A value that stands ready in the writer's format.
  void raw(ByteSpan value);
  Format format() const { return format_; }

 private:
  bool is_json() const { return format_ == Format::json; }
  void separate();
  void head(std::uint8_t major, std::uint64_t number);
  void msgpack_integer(std::int64_t value);
  void msgpack_unsigned(std::uint64_t value);
  void msgpack_start(std::uint8_t fixed, int fixed_limit, std::uint8_t code, bool has_8, std::uint64_t count);
  void number(std::uint8_t code, int size, std::uint64_t value);
  void decimal(std::uint64_t value, bool negative, bool quoted);

  Buffer& out_;
  Format format_;
  bool comma_ = false;  // JSON: the next item is not the first of its container
};

}  // namespace transom::wire
