#include "grade/hsts.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "grade/client_hello.h"

namespace transom::grade {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(blank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

bool same_word(std::string_view one, std::string_view other) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [&](char a, char b) { return lower(a) == lower(b); });
}

/// The first field of the name; a browser heeds no other.
std::optional<std::string_view> field_of(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const std::size_t end = std::min(head.find('\n'), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 1, head.size()));
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && same_word(line.substr(0, colon), name)) {
      return trimmed(line.substr(colon + 1));
    }
  }
  return std::nullopt;
}

std::optional<std::int64_t> seconds_of(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error == std::errc::result_out_of_range) return std::int64_t{1} << 40;  // very long is fine
  if (error != std::errc() || end != value.data() + value.size() || seconds < 0) return std::nullopt;
  return seconds;
}

/// False: it makes the whole field invalid.
bool read_directive(std::string_view directive, HstsFacts& facts, std::optional<std::int64_t>& max_age) {
  const std::size_t equals = std::min(directive.find('='), directive.size());
  const std::string_view name = trimmed(directive.substr(0, equals));
  if (same_word(name, "includeSubDomains")) facts.include_subdomains = true;
  if (same_word(name, "preload")) facts.preload = true;
  if (!same_word(name, "max-age")) return true;
  if (max_age || equals == directive.size()) return false;
  max_age = seconds_of(trimmed(directive.substr(equals + 1)));
  return max_age.has_value();
}

HstsFacts read_field(std::string_view value) {
  HstsFacts facts;
  facts.state = HstsFacts::State::malformed;
  std::optional<std::int64_t> max_age;
  while (!value.empty()) {
    const std::size_t end = std::min(value.find(';'), value.size());
    if (!read_directive(value.substr(0, end), facts, max_age)) return facts;
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  if (!max_age) return facts;
  facts.max_age_s = *max_age;
  facts.state = *max_age == 0                       ? HstsFacts::State::disabled
                : *max_age < kLongEnoughHstsSeconds ? HstsFacts::State::too_short
                                                    : HstsFacts::State::good;
  return facts;
}

}  // namespace

bool hsts_applies(std::string_view host) {
  if (!host.empty() && host.back() == '.') host.remove_suffix(1);
  if (same_word(host, "localhost")) return false;
  constexpr std::string_view local = ".localhost";
  if (host.size() > local.size() && same_word(host.substr(host.size() - local.size()), local)) return false;
  return is_host_name(std::string(host));
}

HstsFacts read_hsts(std::string_view head) {
  HstsFacts facts;
  if (!head.starts_with("HTTP/")) return facts;
  const auto field = field_of(head, "strict-transport-security");
  facts.state = HstsFacts::State::missing;
  return field ? read_field(*field) : facts;
}

}  // namespace transom::grade
