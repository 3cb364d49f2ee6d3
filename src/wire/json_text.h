// The content of JSON strings and numbers.
#pragma once
#include <string>

#include "base/bytes.h"
#include "wire/value.h"

namespace transom::wire {

/// Appends the content of the valid string body `raw` (without its quotes). A lone surrogate becomes U+FFFD.
void append_unescaped(ByteSpan raw, std::string& out);
/// Appends `text` as a JSON string with its quotes; valid UTF-8 is taken for granted.
void append_escaped(std::string_view text, Buffer& out);
/// Sets the value of a valid number: an integer where it is one of 64 bits, else the nearest float.
void set_number(ByteSpan raw, bool integral, Token& out);
/// Appends the shortest text that reads back as the same double, with a point or exponent; null if not finite.
void append_double(double value, Buffer& out);

}  // namespace transom::wire
