// What stands in each message, as one table: the decoder and the error texts follow it.
#pragma once
#include <cstdint>
#include <string_view>

#include "wamp/message.h"

namespace transom::wamp {

enum class FieldKind : std::uint8_t {
  first_id,      // Message::request
  second_id,     // Message::id
  request_type,  // Message::request_type
  uri,           // Message::uri
  realm,         // Message::uri, or null
  signature,     // Message::signature
  dict,          // Message::details
};

struct Field {
  FieldKind kind;
  std::string_view name;  // as the spec writes it: "Topic|uri"
};

enum class Tail : std::uint8_t {
  none,
  payload,     // [, Arguments|list [, ArgumentsKw|dict]]
  revocation,  // [, Details|dict]; with it the first id is 0
};

struct Layout {
  MessageType type;
  std::string_view name;
  Tail tail;
  std::uint8_t field_count;
  Field fields[4];
};

/// Nothing for a code that is no message.
const Layout* find_layout(std::uint64_t code);

}  // namespace transom::wamp
