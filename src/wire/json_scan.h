// The lexical part of JSON (RFC 8259): passes over one string, number or literal and says where it ends.
//
//   string  = '"' *( %x20-21 / %x23-5B / %x5D-FF / escape ) '"'
//   escape  = '\' ( '"' / '\' / '/' / 'b' / 'f' / 'n' / 'r' / 't' / 'u' 4HEXDIG )
//   number  = [ '-' ] ( '0' / ( %x31-39 *DIGIT ) ) [ '.' 1*DIGIT ] [ ( 'e' / 'E' ) [ '+' / '-' ] 1*DIGIT ]
//
// UTF-8 is checked elsewhere, over the whole text.
#pragma once
#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include <bit>
#include <cstdint>

#include "base/bytes.h"

namespace transom::wire {

/// Octets that cannot stand in a string as they are: the quote, the backslash and control characters.
inline bool is_json_special(std::uint8_t octet) { return octet < 0x20 || octet == '"' || octet == '\\'; }

/// The first special octet, or `end`.
inline const std::uint8_t* find_json_special(const std::uint8_t* p, const std::uint8_t* end) {
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1F);
  for (; end - p >= 16; p += 16) {
    __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    __m128i special = _mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash));
    special = _mm_or_si128(special, _mm_cmpeq_epi8(_mm_min_epu8(block, control), block));
    auto mask = static_cast<unsigned>(_mm_movemask_epi8(special));
    if (mask != 0) return p + std::countr_zero(mask);
  }
#endif
  while (p != end && !is_json_special(*p)) ++p;
  return p;
}

inline bool is_digit(std::uint8_t octet) { return octet >= '0' && octet <= '9'; }

/// The value of a hexadecimal digit, or -1.
inline int hex_value(std::uint8_t octet) {
  if (is_digit(octet)) return octet - '0';
  std::uint8_t lower = octet | 0x20;
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Behind the escape that starts at the backslash `p`; nullptr when it is none.
inline const std::uint8_t* scan_json_escape(const std::uint8_t* p, const std::uint8_t* end) {
  if (end - p < 2) return nullptr;
  switch (p[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
      return p + 2;
    case 'u':
      if (end - p < 6) return nullptr;
      for (int i = 2; i < 6; ++i) {
        if (hex_value(p[i]) < 0) return nullptr;
      }
      return p + 6;
    default:
      return nullptr;
  }
}

/// `p` stands behind the opening quote. The closing quote, or nullptr; `escaped` is set when there are escapes.
inline const std::uint8_t* scan_json_string(const std::uint8_t* p, const std::uint8_t* end, bool& escaped) {
  while (true) {
    p = find_json_special(p, end);
    if (p == end || *p < 0x20) return nullptr;
    if (*p == '"') return p;
    escaped = true;
    p = scan_json_escape(p, end);
    if (p == nullptr) return nullptr;
  }
}

inline const std::uint8_t* scan_digits(const std::uint8_t* p, const std::uint8_t* end) {
  while (p != end && is_digit(*p)) ++p;
  return p;
}

/// Behind the number at `p`, or nullptr; `integral` says that it has neither fraction nor exponent.
inline const std::uint8_t* scan_json_number(const std::uint8_t* p, const std::uint8_t* end, bool& integral) {
  integral = true;
  if (p != end && *p == '-') ++p;
  if (p == end || !is_digit(*p)) return nullptr;
  p = *p == '0' ? p + 1 : scan_digits(p, end);
  if (p != end && *p == '.') {
    integral = false;
    const std::uint8_t* digits = p + 1;
    p = scan_digits(digits, end);
    if (p == digits) return nullptr;
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    integral = false;
    ++p;
    if (p != end && (*p == '+' || *p == '-')) ++p;
    const std::uint8_t* digits = p;
    p = scan_digits(digits, end);
    if (p == digits) return nullptr;
  }
  return p;
}

/// Behind the literal true, false or null at `p`, or nullptr.
inline const std::uint8_t* scan_json_literal(const std::uint8_t* p, const std::uint8_t* end) {
  if (end - p < 4) return nullptr;
  if (std::memcmp(p, "true", 4) == 0 || std::memcmp(p, "null", 4) == 0) return p + 4;
  return end - p >= 5 && std::memcmp(p, "false", 5) == 0 ? p + 5 : nullptr;
}

inline const std::uint8_t* scan_json_space(const std::uint8_t* p, const std::uint8_t* end) {
  while (p != end && *p <= 0x20 && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) ++p;
  return p;
}

}  // namespace transom::wire
