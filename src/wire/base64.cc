#include "wire/base64.h"

#include <array>

namespace transom::wire {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNone = 0xFF;

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  for (auto& value : values) value = kNone;
  for (std::uint8_t i = 0; i < 64; ++i) values[static_cast<std::uint8_t>(kAlphabet[i])] = i;
  return values;
}
constexpr std::array<std::uint8_t, 256> kValues = make_values();

std::uint8_t value_of(char c) { return kValues[static_cast<std::uint8_t>(c)]; }

char letter(std::uint32_t bits) { return kAlphabet[bits & 63]; }

// One or two octets that are left over become a padded group of four.
void encode_rest(ByteSpan rest, char* out) {
  std::uint32_t bits = std::uint32_t{rest[0]} << 16;
  if (rest.size() > 1) bits |= std::uint32_t{rest[1]} << 8;
  out[0] = letter(bits >> 18);
  out[1] = letter(bits >> 12);
  out[2] = rest.size() > 1 ? letter(bits >> 6) : '=';
  out[3] = '=';
}

// Four letters to three octets; false when one is outside of the alphabet.
bool decode_group(const char* in, std::uint8_t* out) {
  std::uint8_t a = value_of(in[0]), b = value_of(in[1]), c = value_of(in[2]), d = value_of(in[3]);
  if (((a | b | c | d) & 0xC0) != 0) return false;
  out[0] = static_cast<std::uint8_t>(a << 2 | b >> 4);
  out[1] = static_cast<std::uint8_t>(b << 4 | c >> 2);
  out[2] = static_cast<std::uint8_t>(c << 6 | d);
  return true;
}

}  // namespace

std::string base64_encode(ByteSpan octets) {
  std::string text((octets.size() + 2) / 3 * 4, '\0');
  base64_encode_to(octets, text.data());
  return text;
}

void base64_encode_to(ByteSpan octets, char* out) {
  while (octets.size() >= 3) {
    std::uint32_t bits = std::uint32_t{octets[0]} << 16 | std::uint32_t{octets[1]} << 8 | octets[2];
    out[0] = letter(bits >> 18);
    out[1] = letter(bits >> 12);
    out[2] = letter(bits >> 6);
    out[3] = letter(bits);
    out += 4;
    octets = octets.subspan(3);
  }
  if (!octets.empty()) encode_rest(octets, out);
}

std::optional<std::size_t> base64_decode_to(std::string_view text, std::uint8_t* out) {
  if (text.size() % 4 != 0) return std::nullopt;
  if (text.empty()) return 0;
  std::size_t padding = text.back() != '=' ? 0 : text[text.size() - 2] != '=' ? 1 : 2;
  const char* in = text.data();
  std::size_t whole = text.size() / 4 - (padding > 0 ? 1 : 0);
  for (std::size_t i = 0; i < whole; ++i) {
    if (!decode_group(in + 4 * i, out + 3 * i)) return std::nullopt;
  }
  if (padding == 0) return whole * 3;
  // The bits that the padding cuts off must be zero: then every text has one decoding and back.
  char last[4] = {in[4 * whole], in[4 * whole + 1], padding == 2 ? 'A' : in[4 * whole + 2], 'A'};
  std::uint8_t octets[3];
  if (!decode_group(last, octets)) return std::nullopt;
  for (std::size_t i = 3 - padding; i < 3; ++i) {
    if (octets[i] != 0) return std::nullopt;
  }
  std::memcpy(out + 3 * whole, octets, 3 - padding);
  return whole * 3 + 3 - padding;
}

std::optional<std::string> base64_decode(std::string_view text) {
  std::string octets(text.size() / 4 * 3, '\0');
  auto size = base64_decode_to(text, reinterpret_cast<std::uint8_t*>(octets.data()));
  if (!size) return std::nullopt;
  octets.resize(*size);
  return octets;
}

}  // namespace transom::wire
