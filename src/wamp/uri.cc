#include "wamp/uri.h"

#include <array>

namespace transom::wamp {
namespace {

// What each octet may be in a component: bit 0 loose, bit 1 strict. Loose is everything but white space, '#' and the
// dot between components; strict is digits, small letters and the underscore.
constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (auto& octet : classes) octet = 1;
  for (char c : {' ', '\t', '\n', '\r', '\f', '\v', '#', '.'}) classes[static_cast<unsigned char>(c)] = 0;
  for (unsigned c = '0'; c <= '9'; ++c) classes[c] = 3;
  for (unsigned c = 'a'; c <= 'z'; ++c) classes[c] = 3;
  classes['_'] = 3;
  return classes;
}
constexpr std::array<std::uint8_t, 256> kClasses = make_classes();

enum class Empty : std::uint8_t { none, last, any };

bool check(std::string_view uri, UriCheck strictness, Empty empty_allowed) {
  if (uri.size() > kMaxUriLength) return false;
  const std::uint8_t wanted = strictness == UriCheck::strict ? 2 : 1;
  bool empty = true;
  for (char c : uri) {
    if ((kClasses[static_cast<unsigned char>(c)] & wanted) != 0) {
      empty = false;
    } else if (c == '.' && (!empty || empty_allowed == Empty::any)) {
      empty = true;
    } else {
      return false;
    }
  }
  return !empty || empty_allowed != Empty::none;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// 0x and the 20 octets of an Ethereum address.
bool is_address(std::string_view name) {
  if (name.size() != 42 || !name.starts_with("0x")) return false;
  for (char c : name.substr(2)) {
    if (!is_hex(c)) return false;
  }
  return true;
}

}  // namespace

bool is_valid_uri(std::string_view uri, UriCheck strictness) { return check(uri, strictness, Empty::none); }

bool is_valid_pattern(std::string_view uri, UriCheck strictness, Match match) {
  switch (match) {
    case Match::exact:
      return check(uri, strictness, Empty::none);
    case Match::prefix:
      return check(uri, strictness, Empty::last);
    case Match::wildcard:
      return check(uri, strictness, Empty::any);
  }
  return false;
}

bool is_reserved_uri(std::string_view uri) { return uri == "wamp" || uri.starts_with("wamp."); }

bool is_valid_realm_name(std::string_view name) {
  if (is_address(name)) return true;
  if (name.size() < 3 || name.size() > 255 || !is_letter(name[0])) return false;
  for (char c : name) {
    if (!is_letter(c) && !is_digit(c) && std::string_view("_-@.").find(c) == std::string_view::npos) return false;
  }
  return true;
}

}  // namespace transom::wamp
