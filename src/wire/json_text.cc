#include "wire/json_text.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "wire/json_scan.h"

namespace transom::wire {
namespace {

constexpr std::uint32_t kReplacement = 0xFFFD;

void append_utf8(std::uint32_t code, std::string& out) {
  auto put = [&out](std::uint32_t octet) { out.push_back(static_cast<char>(octet)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xE0 | code >> 12);
    } else {
      put(0xF0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3F));
    }
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

std::uint32_t four_hex(const std::uint8_t* p) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 4 | static_cast<std::uint32_t>(hex_value(p[i]));
  return value;
}

// The code point of the \u escape at `p`, moving `p` behind it and behind the second half of a surrogate pair.
std::uint32_t take_unicode_escape(const std::uint8_t*& p, const std::uint8_t* end) {
  std::uint32_t code = four_hex(p + 2);
  p += 6;
  if (code < 0xD800 || code > 0xDFFF) return code;
  if (code > 0xDBFF || end - p < 6 || p[0] != '\\' || p[1] != 'u') return kReplacement;
  std::uint32_t low = four_hex(p + 2);
  if (low < 0xDC00 || low > 0xDFFF) return kReplacement;
  p += 6;
  return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
}

char plain_escape(std::uint8_t letter) {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return static_cast<char>(letter);
  }
}

void append_escape(std::uint8_t octet, Buffer& out) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (octet) {
    case '"':
      return out.append("\\\"");
    case '\\':
      return out.append("\\\\");
    case '\b':
      return out.append("\\b");
    case '\f':
      return out.append("\\f");
    case '\n':
      return out.append("\\n");
    case '\r':
      return out.append("\\r");
    case '\t':
      return out.append("\\t");
    default: {
      char text[] = {'\\', 'u', '0', '0', kHex[octet >> 4], kHex[octet & 15]};
      out.append(std::string_view(text, sizeof text));
    }
  }
}

// The library leaves a number beyond the range of a double alone; the place of its first digit that counts says
// whether it is huge or tiny.
double beyond_range(std::string_view text) {
  bool negative = text.front() == '-';
  std::size_t e = std::min(text.find_first_of("eE"), text.size());
  std::string_view mantissa = text.substr(negative ? 1 : 0, e - (negative ? 1 : 0));
  std::size_t first = mantissa.find_first_of("123456789");
  if (first == std::string_view::npos) return negative ? -0.0 : 0.0;
  std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  auto scale = static_cast<long long>(point) - static_cast<long long>(first);
  long long exponent = 0;
  if (e + 1 < text.size()) {
    std::string_view digits = text.substr(text[e + 1] == '+' ? e + 2 : e + 1);
    auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (parsed.ec != std::errc{}) exponent = digits.front() == '-' ? -(1LL << 60) : 1LL << 60;
  }
  double size = exponent + scale > 0 ? std::numeric_limits<double>::infinity() : 0.0;
  return negative ? -size : size;
}

void set_floating(ByteSpan raw, Token& out) {
  std::string_view text = as_text(raw);
  double value = 0;
  auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  out.kind = Kind::floating;
  out.floating = parsed.ec == std::errc{} ? value : beyond_range(text);
}

}  // namespace

void append_unescaped(ByteSpan raw, std::string& out) {
  const std::uint8_t *p = raw.data(), *end = p + raw.size();
  while (true) {
    const std::uint8_t* plain = p;
    p = find_json_special(p, end);
    out.append(reinterpret_cast<const char*>(plain), static_cast<std::size_t>(p - plain));
    if (p == end) return;
    if (p[1] == 'u') {
      append_utf8(take_unicode_escape(p, end), out);
    } else {
      out.push_back(plain_escape(p[1]));
      p += 2;
    }
  }
}

void append_escaped(std::string_view text, Buffer& out) {
  const std::uint8_t *p = as_bytes(text).data(), *end = p + text.size();
  out.push_back('"');
  while (true) {
    const std::uint8_t* plain = p;
    p = find_json_special(p, end);
    out.append(ByteSpan{plain, static_cast<std::size_t>(p - plain)});
    if (p == end) break;
    append_escape(*p++, out);
  }
  out.push_back('"');
}

void set_number(ByteSpan raw, bool integral, Token& out) {
  bool negative = raw[0] == '-';
  ByteSpan digits = raw.subspan(negative ? 1 : 0);
  if (!integral || digits.size() > 20) return set_floating(raw, out);
  std::uint64_t value = 0;
  for (std::uint8_t digit : digits) {
    if (__builtin_mul_overflow(value, std::uint64_t{10}, &value) ||
        __builtin_add_overflow(value, std::uint64_t{digit} - '0', &value)) {
      return set_floating(raw, out);
    }
  }
  constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;
  if (value > (negative ? kSignBit : kSignBit - 1)) {
    if (negative) return set_floating(raw, out);
    out.kind = Kind::unsigned_integer;
    out.unsigned_integer = value;
    return;
  }
  out.kind = Kind::integer;
  out.integer = static_cast<std::int64_t>(negative ? 0 - value : value);
}

void append_double(double value, Buffer& out) {
  if (!std::isfinite(value)) return out.append("null");
  char text[40];
  auto [end, error] = std::to_chars(text, text + sizeof text, value);
  std::string_view written(text, static_cast<std::size_t>(end - text));
  out.append(written);
  if (written.find_first_of(".e") == std::string_view::npos) out.append(".0");
}

}  // namespace transom::wire
