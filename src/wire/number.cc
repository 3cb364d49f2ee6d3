#include "wire/number.h"

#include <bit>
#include <climits>
#include <cmath>

namespace transom::wire {
namespace {

std::uint64_t big_endian(ByteSpan octets) {
  std::uint64_t value = 0;
  for (std::uint8_t octet : octets) value = value << 8 | octet;
  return value;
}

// The double nearest to a number of more than 8 octets, the first of which is not 0. Of its 64 highest bits a double
// keeps 53; the lowest stands for all that follow, so that a tie is told from a little more than a tie.
double nearest_double(ByteSpan octets) {
  std::uint64_t top = big_endian(octets.first(8));
  int shift = std::countl_zero(top);
  ByteSpan rest = octets.subspan(8);
  if (shift > 0) top = top << shift | rest[0] >> (8 - shift);
  bool more = static_cast<std::uint8_t>(rest[0] << shift) != 0;
  for (std::size_t i = 1; i < rest.size() && !more; ++i) more = rest[i] != 0;
  if (more) top |= 1;
  if (rest.size() > 128) return HUGE_VAL;
  return std::ldexp(static_cast<double>(top), static_cast<int>(8 * rest.size()) - shift);
}

}  // namespace

void set_bignum(ByteSpan octets, bool negative, Token& token) {
  while (!octets.empty() && octets[0] == 0) octets = octets.subspan(1);
  if (octets.size() <= 8) {
    std::uint64_t value = big_endian(octets);
    if (value >> 63 == 0) {
      token.kind = Kind::integer;
      token.integer = static_cast<std::int64_t>(negative ? ~value : value);
      return;
    }
    if (!negative) {
      token.kind = Kind::unsigned_integer;
      token.unsigned_integer = value;
      return;
    }
  }
  double size = octets.size() <= 8 ? static_cast<double>(big_endian(octets)) : nearest_double(octets);
  token.kind = Kind::floating;
  token.floating = negative ? -size : size;
}

}  // namespace transom::wire
