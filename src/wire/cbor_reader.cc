#include "wire/cbor_reader.h"

#include <bit>
#include <cmath>

#include "wire/number.h"

namespace transom::wire {
namespace {

constexpr std::uint8_t kBreak = 0xFF;

// IEEE 754 binary16 (RFC 8949 appendix D).
double half_to_double(std::uint64_t bits) {
  int exponent = static_cast<int>(bits >> 10 & 0x1F);
  auto mantissa = static_cast<double>(bits & 0x3FF);
  double value = 0;
  if (exponent == 0) {
    value = std::ldexp(mantissa, -24);
  } else if (exponent != 31) {
    value = std::ldexp(mantissa + 1024, exponent - 25);
  } else {
    value = mantissa == 0 ? HUGE_VAL : NAN;
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

}  // namespace

// The small parts first, so that they are inlined where they are used.

// A break where none may stand is left for `take`, which refuses it.
inline bool CborReader::take_break() {
  if (!levels_.endless() || position_ == end_ || *position_ != kBreak || !levels_.may_break()) return false;
  ++position_;
  return true;
}

[[gnu::always_inline]] inline bool CborReader::take_head(Head& head) {
  if (position_ == end_) return fail("it ends too early");
  std::uint8_t octet = *position_++;
  head.major = octet >> 5;
  head.info = octet & 0x1F;
  head.number = head.info;
  if (head.info < 24) return true;
  if (head.info < 28) return take_number(1 << (head.info - 24), head.number);
  if (head.info == 31 && head.major >= 2 && head.major <= 5) return true;
  return fail("an octet starts no value");
}

[[gnu::always_inline]] inline bool CborReader::take_content(const Head& head, Token& token) {
  switch (head.major) {
    case 0:
      token.kind = head.number >> 63 != 0 ? Kind::unsigned_integer : Kind::integer;
      token.unsigned_integer = head.number;
      return true;
    case 1:
      return take_negative(head.number, token);
    case 2:
      if (head.indefinite()) return take_chunks(2, token);
      token.kind = Kind::binary;
      return take_octets(head.number, token.octets);
    case 3:
      return head.indefinite() ? take_chunks(3, token) : take_text(head.number, token);
    case 4:
    case 5:
      if (!head.indefinite()) return open(head.major == 5, head.number, token);
      if (levels_.full()) return fail("it is nested too deeply");
      token.kind = head.major == 5 ? Kind::map : Kind::array;
      token.count = kUnknownCount;
      levels_.open_endless(head.major == 5);
      return true;
    default:
      return take_simple(head, token);
  }
}

inline bool CborReader::take(Token& token) {
  Head head;
  std::uint64_t tag = 0;
  if (!take_head(head)) return false;
  while (head.major == 6) {
    tag = head.number;
    if (!take_head(head)) return false;
  }
  if (!take_content(head, token)) return false;
  if ((tag == 2 || tag == 3) && token.kind == Kind::binary) make_bignum(tag == 3, token);
  return true;
}

Token CborReader::step() {
  Token token;
  if (levels_.used_up() || take_break()) {
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

bool CborReader::take_negative(std::uint64_t number, Token& token) {
  if (number >> 63 == 0) {
    token.kind = Kind::integer;
    token.integer = static_cast<std::int64_t>(~number);
  } else {
    token.kind = Kind::floating;
    token.floating = -1.0 - static_cast<double>(number);
  }
  return true;
}

// The chunks of an indefinite string stay as they are; `unpack` joins them.
bool CborReader::take_chunks(std::uint8_t major, Token& token) {
  const std::uint8_t* start = position_;
  token.kind = major == 3 ? Kind::text : Kind::binary;
  token.encoded = true;
  while (true) {
    if (position_ != end_ && *position_ == kBreak) break;
    Head chunk;
    ByteSpan octets;
    if (!take_head(chunk)) return false;
    if (chunk.major != major || chunk.indefinite()) return fail("a string has a chunk of another kind");
    if (!take_octets(chunk.number, octets)) return false;
    if (major == 3 && !is_utf8(octets)) return fail("a string is not UTF-8");
  }
  token.octets = {start, position_};
  ++position_;
  return true;
}

bool CborReader::take_simple(const Head& head, Token& token) {
  token.kind = Kind::floating;
  switch (head.info) {
    case 20:
    case 21:
      token.kind = Kind::boolean;
      token.boolean = head.info == 21;
      return true;
    case 22:
    case 23:
      token.kind = Kind::null;
      return true;
    case 25:
      token.floating = half_to_double(head.number);
      return true;
    case 26:
      token.floating = std::bit_cast<float>(static_cast<std::uint32_t>(head.number));
      return true;
    case 27:
      token.floating = std::bit_cast<double>(head.number);
      return true;
    default:
      return fail("a simple value is not known");
  }
}

void CborReader::make_bignum(bool negative, Token& token) const {
  std::string joined;
  ByteSpan octets = token.octets;
  if (token.encoded) {
    unpack(token, joined);
    octets = as_bytes(joined);
  }
  token.encoded = false;
  token.octets = {};
  set_bignum(octets, negative, token);
}

void CborReader::unpack(const Token& token, std::string& out) const {
  if (!token.encoded) {
    out.assign(as_text(token.octets));
    return;
  }
  out.clear();
  CborReader chunks(token.octets);
  while (!chunks.at_end()) {
    Head head;
    ByteSpan octets;
    if (!chunks.take_head(head) || !chunks.take_octets(head.number, octets)) return;
    out.append(as_text(octets));
  }
}

RawValue CborReader::skip(int string_key_levels) { return skip_value(*this, position_, levels_, string_key_levels); }

}  // namespace transom::wire
