// What the readers of the binary formats share: a position, big-endian numbers, levels and the walk over them.
#pragma once
#include "wire/binary_levels.h"
#include "wire/utf8.h"
#include "wire/value.h"

namespace transom::wire {

class BinaryReader : public ValueReader {
 public:
  bool at_end() override { return position_ == end_; }

 protected:
  using ValueReader::ValueReader;

  /// Reads `size` octets (1, 2, 4 or 8) as one big-endian number.
  bool take_number(int size, std::uint64_t& value) {
    if (left() < static_cast<std::size_t>(size)) return fail("it ends too early");
    value = 0;
    for (int i = 0; i < size; ++i) value = value << 8 | *position_++;
    return true;
  }
  /// Reads the content of a string or binary of `size` octets.
  bool take_octets(std::uint64_t size, ByteSpan& out) {
    if (size > left()) return fail("a length is greater than what follows");
    out = {position_, static_cast<std::size_t>(size)};
    position_ += size;
    return true;
  }
  bool take_text(std::uint64_t size, Token& token) {
    token.kind = Kind::text;
    if (!take_octets(size, token.octets)) return false;
    return is_utf8(token.octets) || fail("a string is not UTF-8");
  }
  /// Opens an array or map of `count` elements or pairs, each of which needs at least one octet or two.
  bool open(bool map, std::uint64_t count, Token& token) {
    if (levels_.full()) return fail("it is nested too deeply");
    if (count > left() / (map ? 2 : 1)) return fail("a count is greater than what follows");
    token.kind = map ? Kind::map : Kind::array;
    token.count = count;
    levels_.open(map, map ? 2 * count : count);
    return true;
  }

  Levels levels_;
};

/// Passes over the next value of `reader`, whose class has `step`, the body of `next`, inline.
template <class Reader>
RawValue skip_value(Reader& reader, const std::uint8_t* const& position, const Levels& levels, int string_key_levels) {
  const std::uint8_t* start = position;
  const int base = levels.depth();
  Token first = reader.step();
  if (first.kind == Kind::array_end || first.kind == Kind::map_end) return {first.kind, {}};
  Kind last = first.kind;
  while (last != Kind::error && levels.depth() > base) {
    Token token = reader.step();
    if (token.is_key && token.kind != Kind::text && levels.depth() - base <= string_key_levels) {
      reader.refuse_key();
      return {};
    }
    last = token.kind;
  }
  if (last == Kind::error) return {};
  return {first.kind, {start, position}};
}

}  // namespace transom::wire
