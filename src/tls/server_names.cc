#include "tls/server_names.h"

#include <algorithm>

namespace transom::tls {
namespace {

constexpr std::size_t max_name = 253, max_label = 63;

/// Letters, digits and hyphens of RFC 1123; underscores as well, which are found in practice.
bool is_name_octet(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; }

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= max_label && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), is_name_octet);
}

/// No top-level domain is a number, but every address in dotted form ends with one.
bool is_number(std::string_view label) {
  return std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<std::string> canonical_server_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > max_name) return std::nullopt;
  std::string lower(name);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  std::string_view rest = lower;
  if (rest.starts_with("*.")) rest.remove_prefix(2);
  for (;;) {
    const std::size_t dot = rest.find('.');
    const std::string_view label = rest.substr(0, dot);
    if (!is_label(label)) return std::nullopt;
    if (dot == std::string_view::npos) return is_number(label) ? std::nullopt : std::optional(lower);
    rest.remove_prefix(dot + 1);
  }
}

std::string wildcard_above(std::string_view canonical_name) {
  const std::size_t dot = canonical_name.find('.');
  if (dot == std::string_view::npos || canonical_name.starts_with("*.")) return "";
  return "*" + std::string(canonical_name.substr(dot));
}

}  // namespace transom::tls
