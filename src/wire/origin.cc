// origin = scheme "://" host [ ":" port ]      (RFC 6454 section 6.1; "null" is none of these)
// host   = 1*( ALPHA / DIGIT / "-" / "." / "_" ) / "[" 1*( HEXDIG / ":" / "." ) "]"
//
// The grammar is kept strictly, so that a `*` in a pattern never reaches over a path, a user name or a second port.
#include "wire/origin.h"

#include <algorithm>
#include <optional>

namespace transom::wire {
namespace {

// Longer than any host name (253) with scheme and port; it bounds the work of the matcher.
constexpr std::size_t kMaxOrigin = 512;

struct Parts {
  std::string_view scheme, host, port;  // port is empty where none was given
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return result;
}

template <typename Good>
bool all_of(std::string_view text, Good good) {
  return !text.empty() && std::all_of(text.begin(), text.end(), good);
}

bool is_scheme(std::string_view text) {
  return all_of(text, [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; }) &&
         is_letter(text.front());
}

bool is_host(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    return all_of(text.substr(1, text.size() - 2),
                  [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || c == ':' || c == '.'; });
  }
  return all_of(text, [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_'; });
}

bool is_port(std::string_view text) {
  if (text.size() > 5 || !all_of(text, is_digit)) return false;
  unsigned value = 0;
  for (char c : text) value = value * 10 + static_cast<unsigned>(c - '0');
  return value <= 65535;
}

/// Splits "host" or "host:port"; an IPv6 address stands in brackets.
std::optional<Parts> split_authority(std::string_view text) {
  Parts parts;
  const std::size_t bracket = text.find(']');
  const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  parts.host = text.substr(0, colon);
  if (colon != std::string_view::npos) {
    parts.port = text.substr(colon + 1);
    if (!is_port(parts.port)) return std::nullopt;
  }
  if (!is_host(parts.host)) return std::nullopt;
  return parts;
}

std::optional<Parts> split_origin(std::string_view text) {
  if (text.size() > kMaxOrigin) return std::nullopt;
  const std::size_t slashes = text.find("://");
  if (slashes == std::string_view::npos || !is_scheme(text.substr(0, slashes))) return std::nullopt;
  auto parts = split_authority(text.substr(slashes + 3));
  if (parts) parts->scheme = text.substr(0, slashes);
  return parts;
}

std::string_view default_port(std::string_view scheme) {
  if (scheme == "http" || scheme == "ws") return "80";
  if (scheme == "https" || scheme == "wss") return "443";
  return {};
}

/// Matches without recursion: on a mismatch only the last `*` takes one character more, so that the work is at most the
/// product of both lengths.
bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0;
  std::size_t star = std::string_view::npos, star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool is_loopback_v4(std::string_view host) {
  int parts = 0;
  while (true) {
    const std::size_t dot = host.find('.');
    const std::string_view part = host.substr(0, dot);
    if (part.size() > 3 || !all_of(part, is_digit) || (part.size() > 1 && part.front() == '0')) return false;
    int value = 0;
    for (char c : part) value = value * 10 + (c - '0');
    if (value > 255 || (parts == 0 && value != 127)) return false;
    ++parts;
    if (dot == std::string_view::npos) return parts == 4;
    host.remove_prefix(dot + 1);
  }
}

}  // namespace

bool origin_allowed(std::string_view origin, const std::vector<std::string>& patterns) {
  const std::string text = lower(origin.substr(0, kMaxOrigin + 1));
  const auto parts = split_origin(text);
  // A default port may be written or not on either side, so an origin on it has two forms to try.
  std::string full, brief;
  if (parts) {
    const std::string_view usual = default_port(parts->scheme);
    const std::string base = std::string(parts->scheme) + "://" + std::string(parts->host);
    const std::string_view port = parts->port.empty() ? usual : parts->port;
    full = port.empty() ? base : base + ":" + std::string(port);
    brief = port == usual ? base : full;
  }
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& written) {
    if (written == "*") return true;
    const std::string pattern = lower(written);
    if (!parts) return pattern == "null" && text == "null";
    return glob_matches(pattern, full) || glob_matches(pattern, brief);
  });
}

bool is_loopback_origin(std::string_view origin) {
  const std::string text = lower(origin.substr(0, kMaxOrigin + 1));
  const auto parts = split_origin(text);
  if (!parts || (parts->scheme != "http" && parts->scheme != "https")) return false;
  constexpr std::string_view kSuffix = ".localhost";
  const std::string_view host = parts->host;
  const bool below = host.size() > kSuffix.size() && host.substr(host.size() - kSuffix.size()) == kSuffix;
  return host == "localhost" || below || host == "[::1]" || is_loopback_v4(host);
}

bool is_loopback_host(std::string_view host) {
  const std::string text = lower(host.substr(0, kMaxOrigin + 1));
  const auto parts = split_authority(text);
  return parts && (parts->host == "localhost" || parts->host == "127.0.0.1" || parts->host == "[::1]");
}

}  // namespace transom::wire
