// Small conversions between WAMP's words and the readers of wire/.
#pragma once
#include <optional>

#include "wamp/message.h"
#include "wire/value.h"

namespace transom::wamp {

inline wire::Format to_format(SerializerId id) {
  static_assert(static_cast<int>(SerializerId::json) == static_cast<int>(wire::Format::json) &&
                static_cast<int>(SerializerId::msgpack) == static_cast<int>(wire::Format::msgpack) &&
                static_cast<int>(SerializerId::cbor) == static_cast<int>(wire::Format::cbor));
  return static_cast<wire::Format>(id);
}

/// A whole number that is not negative, as an integer or as a float without a fraction (JavaScript's MessagePack and
/// CBOR libraries write integers from 2^32 on as floats). Nothing above 2^53.
std::optional<std::uint64_t> to_whole(const wire::Token& token);

/// An id: from 1 to 2^53.
inline std::optional<Id> to_id(const wire::Token& token) {
  std::optional<std::uint64_t> whole = to_whole(token);
  return whole == std::uint64_t{0} ? std::nullopt : whole;
}

}  // namespace transom::wamp
