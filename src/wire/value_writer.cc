#include "wire/value_writer.h"

#include <bit>
#include <charconv>

#include "wire/base64.h"
#include "wire/json_text.h"

namespace transom::wire {

void ValueWriter::separate() {
  if (comma_) out_.push_back(',');
  comma_ = true;
}

// `code`, then the lowest `size` octets of `value`, big-endian.
void ValueWriter::number(std::uint8_t code, int size, std::uint64_t value) {
  std::uint8_t* p = out_.prepare(9);
  *p++ = code;
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) *p++ = static_cast<std::uint8_t>(value >> shift);
  out_.commit(1 + static_cast<std::size_t>(size));
}

// The head of a CBOR item.
void ValueWriter::head(std::uint8_t major, std::uint64_t value) {
  auto lead = static_cast<std::uint8_t>(major << 5);
  if (value < 24) return out_.push_back(lead | static_cast<std::uint8_t>(value));
  if (value <= 0xFF) return number(lead | 24, 1, value);
  if (value <= 0xFFFF) return number(lead | 25, 2, value);
  if (value <= 0xFFFFFFFF) return number(lead | 26, 4, value);
  number(lead | 27, 8, value);
}

// The head of a MessagePack string, array or map: `fixed` below `fixed_limit`, else `code`, the first of its wide
// codes.
void ValueWriter::msgpack_start(std::uint8_t fixed, int fixed_limit, std::uint8_t code, bool has_8,
                                std::uint64_t count) {
  if (count < static_cast<std::uint64_t>(fixed_limit)) {
    return out_.push_back(fixed | static_cast<std::uint8_t>(count));
  }
  if (has_8 && count <= 0xFF) return number(code, 1, count);
  if (has_8) ++code;
  if (count <= 0xFFFF) return number(code, 2, count);
  number(code + 1, 4, count);
}

void ValueWriter::msgpack_unsigned(std::uint64_t value) {
  if (value < 0x80) return out_.push_back(static_cast<std::uint8_t>(value));
  if (value <= 0xFF) return number(0xCC, 1, value);
  if (value <= 0xFFFF) return number(0xCD, 2, value);
  if (value <= 0xFFFFFFFF) return number(0xCE, 4, value);
  number(0xCF, 8, value);
}

void ValueWriter::msgpack_integer(std::int64_t value) {
  auto bits = static_cast<std::uint64_t>(value);
  if (value >= 0) return msgpack_unsigned(bits);
  if (value >= -32) return out_.push_back(static_cast<std::uint8_t>(bits));
  if (value >= INT8_MIN) return number(0xD0, 1, bits);
  if (value >= INT16_MIN) return number(0xD1, 2, bits);
  if (value >= INT32_MIN) return number(0xD2, 4, bits);
  number(0xD3, 8, bits);
}

void ValueWriter::decimal(std::uint64_t value, bool negative, bool quoted) {
  char text[32];  // at most two quotes, a sign and 20 digits
  char* p = text;
  if (quoted) *p++ = '"';
  if (negative) *p++ = '-';
  p = std::to_chars(p, text + sizeof text - 1, value).ptr;
  if (quoted) *p++ = '"';
  out_.append(std::string_view(text, static_cast<std::size_t>(p - text)));
}

void ValueWriter::null() {
  if (is_json()) {
    separate();
    return out_.append("null");
  }
  out_.push_back(format_ == Format::msgpack ? 0xC0 : 0xF6);
}

void ValueWriter::boolean(bool value) {
  if (is_json()) {
    separate();
    return out_.append(value ? "true" : "false");
  }
  out_.push_back(static_cast<std::uint8_t>((format_ == Format::msgpack ? 0xC2 : 0xF4) + (value ? 1 : 0)));
}

void ValueWriter::integer(std::int64_t value) {
  auto bits = static_cast<std::uint64_t>(value);
  switch (format_) {
    case Format::json:
      separate();
      return decimal(value < 0 ? 0 - bits : bits, value < 0, false);
    case Format::msgpack:
      return msgpack_integer(value);
    case Format::cbor:
      return value < 0 ? head(1, ~bits) : head(0, bits);
  }
}

void ValueWriter::unsigned_integer(std::uint64_t value) {
  switch (format_) {
    case Format::json:
      separate();
      return decimal(value, false, false);
    case Format::msgpack:
      return msgpack_unsigned(value);
    case Format::cbor:
      return head(0, value);
  }
}

void ValueWriter::floating(double value) {
  if (is_json()) {
    separate();
    return append_double(value, out_);
  }
  number(format_ == Format::msgpack ? 0xCB : 0xFB, 8, std::bit_cast<std::uint64_t>(value));
}

void ValueWriter::text(std::string_view value) {
  switch (format_) {
    case Format::json:
      separate();
      return append_escaped(value, out_);
    case Format::msgpack:
      msgpack_start(0xA0, 32, 0xD9, true, value.size());
      break;
    case Format::cbor:
      head(3, value.size());
      break;
  }
  out_.append(value);
}

void ValueWriter::binary(ByteSpan value) {
  if (is_json()) {
    separate();
    out_.append("\"\\u0000");
    std::size_t size = (value.size() + 2) / 3 * 4;
    base64_encode_to(value, reinterpret_cast<char*>(out_.prepare(size)));
    out_.commit(size);
    return out_.push_back('"');
  }
  // MessagePack has no short form for bin, so no octet count is below the limit of it.
  format_ == Format::msgpack ? msgpack_start(0, 0, 0xC4, true, value.size()) : head(2, value.size());
  out_.append(value);
}

void ValueWriter::begin_array(std::uint64_t count) {
  switch (format_) {
    case Format::json:
      separate();
      comma_ = false;
      return out_.push_back('[');
    case Format::msgpack:
      return msgpack_start(0x90, 16, 0xDC, false, count);
    case Format::cbor:
      return head(4, count);
  }
}

void ValueWriter::begin_map(std::uint64_t count) {
  switch (format_) {
    case Format::json:
      separate();
      comma_ = false;
      return out_.push_back('{');
    case Format::msgpack:
      return msgpack_start(0x80, 16, 0xDE, false, count);
    case Format::cbor:
      return head(5, count);
  }
}

void ValueWriter::end_array() {
  if (is_json()) out_.push_back(']');
  comma_ = true;
}

void ValueWriter::end_map() {
  if (is_json()) out_.push_back('}');
  comma_ = true;
}

void ValueWriter::key(std::string_view name) {
  text(name);
  if (!is_json()) return;
  out_.push_back(':');
  comma_ = false;
}

void ValueWriter::integer_key(std::int64_t value) {
  if (!is_json()) return integer(value);
  separate();
  auto bits = static_cast<std::uint64_t>(value);
  decimal(value < 0 ? 0 - bits : bits, value < 0, true);
  out_.push_back(':');
  comma_ = false;
}

void ValueWriter::unsigned_key(std::uint64_t value) {
  if (!is_json()) return unsigned_integer(value);
  separate();
  decimal(value, false, true);
  out_.push_back(':');
  comma_ = false;
}

void ValueWriter::raw(ByteSpan value) {
  if (is_json()) separate();
  out_.append(value);
}

}  // namespace transom::wire
