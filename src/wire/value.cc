#include "wire/value.h"

#include <fmt/format.h>

namespace transom::wire {

std::string_view to_string(Format format) {
  switch (format) {
    case Format::json:
      return "JSON";
    case Format::msgpack:
      return "MessagePack";
    case Format::cbor:
      return "CBOR";
  }
  return "unknown";
}

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::error:
      return "malformed";
    case Kind::null:
      return "null";
    case Kind::boolean:
      return "a boolean";
    case Kind::integer:
    case Kind::unsigned_integer:
      return "an integer";
    case Kind::floating:
      return "a float";
    case Kind::text:
      return "a string";
    case Kind::binary:
      return "binary";
    case Kind::array:
      return "a list";
    case Kind::map:
      return "a dict";
    case Kind::array_end:
    case Kind::map_end:
      return "missing";
  }
  return "unknown";
}

std::string ValueReader::error() const {
  return fmt::format("not valid {} at octet {}: {}", to_string(format_), position_ - begin_, reason_);
}

}  // namespace transom::wire
