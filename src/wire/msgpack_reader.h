// Reads one MessagePack value (specification version 5: str and bin are distinct). Strings are checked for UTF-8.
// Keys are strings or integers. An ext is binary: its octets without the type.
//
//   00-7f, e0-ff integer | 80-8f map | 90-9f array | a0-bf str | c0 nil | c2 c3 boolean | c4-c6 bin | c7-c9 ext
//   ca cb float | cc-cf uint | d0-d3 int | d4-d8 ext of 1, 2, 4, 8, 16 octets | d9-db str | dc dd array | de df map
#pragma once
#include "wire/binary_reader.h"

namespace transom::wire {

class MsgpackReader final : public BinaryReader {
 public:
  explicit MsgpackReader(ByteSpan input) : BinaryReader(Format::msgpack, input) {}
  Token next() override { return step(); }
  RawValue skip(int string_key_levels = 0) override;
  void unpack(const Token& token, std::string& out) const override { out.assign(as_text(token.octets)); }

  /// The body of `next`, and for skip_value.
  Token step();
  void refuse_key() { fail("a key must be a string"); }

 private:
  bool take(Token& token);
  bool take_wide(std::uint8_t code, Token& token);
  bool take_unsigned(int size, Token& token);
  bool take_signed(int size, Token& token);
  bool take_float(int size, Token& token);
  bool take_binary(int length_size, bool ext, Token& token);
  bool take_ext(std::uint64_t size, Token& token);
};

}  // namespace transom::wire
