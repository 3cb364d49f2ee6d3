#include "wire/http1_guard.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace transom::wire {
namespace {

constexpr std::string_view kVersion = "HTTP/";
constexpr std::uint8_t kTlsHandshake = 0x16;  // the first octet of every TLS ClientHello

constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (char c : std::string_view("!#$%&'*+-.^_`|~0123456789")) table[static_cast<unsigned char>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = table[static_cast<std::size_t>(c - 32)] = true;
  return table;
}
constexpr std::array<bool, 256> kToken = make_token_table();

constexpr bool is_control(std::uint8_t octet) { return octet < 0x20 || octet == 0x7f; }

constexpr std::array<bool, 256> make_value_table() {
  std::array<bool, 256> table{};
  for (std::size_t octet = 0; octet < table.size(); ++octet) {
    table[octet] = octet == '\t' || !is_control(static_cast<std::uint8_t>(octet));
  }
  return table;
}
constexpr std::array<bool, 256> kInValue = make_value_table();

}  // namespace

void Http1Guard::reset() { *this = Http1Guard(limits_); }

bool Http1Guard::refuse(int status, const char* text) {
  status_ = status;
  text_ = text;
  return false;
}

bool Http1Guard::refuse_control(std::uint8_t octet) {
  if (octet == '\n') return refuse(400, "a line ends in LF without CR");
  if (octet == '\r') return refuse(400, "a CR stands where none may be");
  return refuse(400, octet == 0 ? "a NUL in the request" : "a control character in the request");
}

bool Http1Guard::count_extra() {
  return ++octets_ <= limits_.head || refuse(431, "the chunk extensions and trailers are too long");
}

Http1Guard::Verdict Http1Guard::scan(ByteSpan octets, std::size_t& good) {
  for (good = 0; good < octets.size(); ++good) {
    ++octets_;
    if (octets_ > limits_.head) {
      refuse(at_ == At::target ? 414 : 431,
             at_ == At::target ? "the request target is too long" : "the request line and fields are too long");
      return Verdict::bad;
    }
    if (!step(octets[good])) return Verdict::bad;
    if (at_ == At::finished) {
      ++good;
      return Verdict::end;
    }
    if (at_ == At::value) good += skip_value(octets.subspan(good + 1));
  }
  return Verdict::more;
}

/// Most octets of a head are those of values, and nothing but the end of a value changes anything. How many are in
/// order and within the limit; the one behind them is looked at by `step`.
std::size_t Http1Guard::skip_value(ByteSpan octets) {
  const ByteSpan within = octets.first(std::min(octets.size(), limits_.head - octets_));
  const auto end = std::find_if(within.begin(), within.end(), [](std::uint8_t octet) { return !kInValue[octet]; });
  const auto count = static_cast<std::size_t>(end - within.begin());
  octets_ += count;
  return count;
}

bool Http1Guard::step(std::uint8_t octet) {
  switch (at_) {
    case At::before:
      return take_before(octet);
    case At::before_lf:
      return take_lf(octet, At::before);
    case At::method:
      return take_method(octet);
    case At::target:
      return take_target(octet);
    case At::version:
      return take_version(octet);
    case At::line_lf:
      return take_lf(octet, At::line_start);
    case At::line_start:
      return take_line_start(octet);
    case At::name:
      return take_name(octet);
    case At::value:
      return take_value(octet);
    case At::end_lf:
      return take_lf(octet, At::finished);
    case At::finished:
      break;
  }
  return refuse(400, "octets after the end of the head");
}

bool Http1Guard::take_before(std::uint8_t octet) {
  if (octet == '\r') {
    at_ = At::before_lf;
    return true;
  }
  if (octet == kTlsHandshake) {
    return refuse(400, "a TLS handshake on a port without TLS: use http:// or ws://, or turn on TLS for this endpoint");
  }
  at_ = At::method;
  return take_method(octet);
}

bool Http1Guard::take_method(std::uint8_t octet) {
  if (kToken[octet]) return true;
  if (is_control(octet)) return refuse_control(octet);
  if (octet != ' ') return refuse(400, "the method has a character that no method has");
  at_ = At::target;
  return true;
}

bool Http1Guard::take_target(std::uint8_t octet) {
  if (octet == '\r') return refuse(505, "the request line has no HTTP version");
  if (is_control(octet)) return refuse_control(octet);
  if (octet != ' ') return ++target_ <= limits_.target || refuse(414, "the request target is too long");
  if (target_ == 0) return refuse(400, "the request line has two spaces in a row");
  at_ = At::version;
  return true;
}

bool Http1Guard::take_version(std::uint8_t octet) {
  if (version_ < kVersion.size()) {
    if (octet != static_cast<std::uint8_t>(kVersion[version_])) {
      return is_control(octet) ? refuse_control(octet)
                               : refuse(400, "the request line does not end in an HTTP version");
    }
    ++version_;
    return true;
  }
  if (octet == '\r') {
    at_ = At::line_lf;
    return true;
  }
  return !is_control(octet) || refuse_control(octet);
}

bool Http1Guard::take_line_start(std::uint8_t octet) {
  if (octet == '\r') {
    at_ = At::end_lf;
    return true;
  }
  if (octet == ' ' || octet == '\t')
    return refuse(400, "a field line starts with a space (line folding is not allowed)");
  if (octet == ':') return refuse(400, "a field without a name");
  if (++fields_ > limits_.fields) return refuse(431, "too many fields");
  at_ = At::name;
  return take_name(octet);
}

bool Http1Guard::take_name(std::uint8_t octet) {
  if (kToken[octet]) return true;
  if (octet == ' ' || octet == '\t') return refuse(400, "a space in a field name or before its colon");
  if (is_control(octet)) return refuse_control(octet);
  if (octet != ':') return refuse(400, "a field name has a character that no name has");
  at_ = At::value;
  return true;
}

bool Http1Guard::take_value(std::uint8_t octet) {
  if (octet == '\r') {
    at_ = At::line_lf;
    return true;
  }
  return kInValue[octet] || refuse_control(octet);
}

bool Http1Guard::take_lf(std::uint8_t octet, At next) {
  if (octet != '\n') return refuse(400, "a CR without LF");
  at_ = next;
  return true;
}

}  // namespace transom::wire
