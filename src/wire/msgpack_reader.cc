#include "wire/msgpack_reader.h"

#include <bit>

namespace transom::wire {

Token MsgpackReader::step() {
  Token token;
  if (levels_.used_up()) {
    token.kind = levels_.close();
    return token;
  }
  token.is_key = levels_.key_due();
  levels_.use_one();
  bool good = take(token);
  if (good && token.is_key && token.kind != Kind::text && token.kind != Kind::integer &&
      token.kind != Kind::unsigned_integer) {
    good = fail("a key must be a string or an integer");
  }
  if (!good) token.kind = Kind::error;
  return token;
}

bool MsgpackReader::take(Token& token) {
  if (position_ == end_) return fail("it ends too early");
  std::uint8_t code = *position_++;
  if (code < 0x80 || code >= 0xE0) {
    token.kind = Kind::integer;
    token.integer = static_cast<std::int8_t>(code);
    return true;
  }
  if (code < 0x90) return open(true, code & 0x0F, token);
  if (code < 0xA0) return open(false, code & 0x0F, token);
  if (code < 0xC0) return take_text(code & 0x1F, token);
  return take_wide(code, token);
}

bool MsgpackReader::take_wide(std::uint8_t code, Token& token) {
  std::uint64_t size = 0;
  switch (code) {
    case 0xC0:
      token.kind = Kind::null;
      return true;
    case 0xC2:
    case 0xC3:
      token.kind = Kind::boolean;
      token.boolean = code == 0xC3;
      return true;
    case 0xC4:
    case 0xC5:
    case 0xC6:
      return take_binary(1 << (code - 0xC4), false, token);
    case 0xC7:
    case 0xC8:
    case 0xC9:
      return take_binary(1 << (code - 0xC7), true, token);
    case 0xCA:
      return take_float(4, token);
    case 0xCB:
      return take_float(8, token);
    case 0xCC:
    case 0xCD:
    case 0xCE:
    case 0xCF:
      return take_unsigned(1 << (code - 0xCC), token);
    case 0xD0:
    case 0xD1:
    case 0xD2:
    case 0xD3:
      return take_signed(1 << (code - 0xD0), token);
    case 0xD4:
    case 0xD5:
    case 0xD6:
    case 0xD7:
    case 0xD8:
      return take_ext(std::uint64_t{1} << (code - 0xD4), token);
    case 0xD9:
    case 0xDA:
    case 0xDB:
      return take_number(1 << (code - 0xD9), size) && take_text(size, token);
    case 0xDC:
    case 0xDD:
      return take_number(2 << (code - 0xDC), size) && open(false, size, token);
    case 0xDE:
    case 0xDF:
      return take_number(2 << (code - 0xDE), size) && open(true, size, token);
    default:
      return fail("the octet 0xc1 starts no value");
  }
}

bool MsgpackReader::take_unsigned(int size, Token& token) {
  std::uint64_t value = 0;
  if (!take_number(size, value)) return false;
  token.kind = value >> 63 != 0 ? Kind::unsigned_integer : Kind::integer;
  token.unsigned_integer = value;
  return true;
}

bool MsgpackReader::take_signed(int size, Token& token) {
  std::uint64_t value = 0;
  if (!take_number(size, value)) return false;
  int unused = 64 - 8 * size;  // shifting up and down again extends the sign
  token.kind = Kind::integer;
  token.integer = static_cast<std::int64_t>(value << unused) >> unused;
  return true;
}

bool MsgpackReader::take_float(int size, Token& token) {
  std::uint64_t bits = 0;
  if (!take_number(size, bits)) return false;
  token.kind = Kind::floating;
  token.floating = size == 8 ? std::bit_cast<double>(bits) : std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  return true;
}

bool MsgpackReader::take_binary(int length_size, bool ext, Token& token) {
  std::uint64_t size = 0;
  if (!take_number(length_size, size)) return false;
  if (ext) return take_ext(size, token);
  token.kind = Kind::binary;
  return take_octets(size, token.octets);
}

bool MsgpackReader::take_ext(std::uint64_t size, Token& token) {
  std::uint64_t type = 0;
  token.kind = Kind::binary;
  if (!take_number(1, type) || !take_octets(size, token.octets)) return false;
  // What JavaScript's encoders write for `undefined`: one octet 0 of type 0.
  if (type == 0 && size == 1 && token.octets[0] == 0) token.kind = Kind::null;
  return true;
}

RawValue MsgpackReader::skip(int string_key_levels) { return skip_value(*this, position_, levels_, string_key_levels); }

}  // namespace transom::wire
