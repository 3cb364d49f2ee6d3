// Reads one CBOR value (RFC 8949). Strings are checked for UTF-8, each chunk of an indefinite one by itself. Keys are
// strings or integers. `undefined` is null; other simple values are refused.
//
//   item = head content; head = major type (3 bits), info (5 bits), info 24-27: 1, 2, 4, 8 more octets of number
//   major 0 unsigned | 1 negative (-1 - n) | 2 octets | 3 text | 4 array | 5 map | 6 tag | 7 simple and floats
//   info 31 with major 2-5: indefinite, until ff
//
// Tags 2 and 3 over octets are bignums: an integer where it is one of 64 bits, else the nearest float. All other tags
// give their content, so tag 64 (Uint8Array) gives binary.
#pragma once
#include "wire/binary_reader.h"

namespace transom::wire {

class CborReader final : public BinaryReader {
 public:
  explicit CborReader(ByteSpan input) : BinaryReader(Format::cbor, input) {}
  Token next() override { return step(); }
  RawValue skip(int string_key_levels = 0) override;
  void unpack(const Token& token, std::string& out) const override;

  /// The body of `next`, and for skip_value.
  Token step();
  void refuse_key() { fail("a key must be a string"); }

 private:
  struct Head {
    std::uint8_t major = 0;
    std::uint8_t info = 0;
    std::uint64_t number = 0;
    bool indefinite() const { return info == 31; }
  };
  bool take_head(Head& head);
  bool take_break();
  bool take(Token& token);
  bool take_content(const Head& head, Token& token);
  bool take_negative(std::uint64_t number, Token& token);
  bool take_chunks(std::uint8_t major, Token& token);
  bool take_simple(const Head& head, Token& token);
  void make_bignum(bool negative, Token& token) const;
};

}  // namespace transom::wire
