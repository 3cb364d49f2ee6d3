// request-target = origin-form / absolute-form                       (RFC 9112 section 3.2)
// origin-form    = 1*( "/" *pchar ) [ "?" query ]
// absolute-form  = ( "http" / "https" ) "://" authority path-abempty [ "?" query ]
// URL            = scheme "://" authority path-abempty [ "?" query ]
// authority      = host [ ":" port ]                                 user names are refused
#include "wire/url.h"

#include <algorithm>

#include "wire/utf8.h"

namespace transom::wire {
namespace {

constexpr std::size_t kMaxHost = 253;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = lower(c);
  return result;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
bool is_visible(char c) { return c > 0x20 && c < 0x7f; }
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

struct Authority {
  std::string host;  // without brackets
  std::string_view port;
};

bool is_ipv6_text(std::string_view text) {
  return std::count(text.begin(), text.end(), ':') >= 2 &&
         std::all_of(text.begin(), text.end(), [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; });
}

bool is_host_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
  });
}

Result<Authority> parse_authority(std::string_view text) {
  Authority authority;
  std::string_view rest;
  if (!text.empty() && text.front() == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || !is_ipv6_text(text.substr(1, close - 1))) {
      return fail("what stands in brackets is no IPv6 address");
    }
    authority.host = lower(text.substr(1, close - 1));
    rest = text.substr(close + 1);
  } else {
    const std::size_t colon = text.find(':');
    authority.host = lower(text.substr(0, colon));
    if (!is_host_name(authority.host)) return fail("the host must be a name of ASCII letters, digits, '-' and '.'");
    if (colon != std::string_view::npos) rest = text.substr(colon);
  }
  if (authority.host.size() > kMaxHost) return fail("the host is longer than {} characters", kMaxHost);
  if (!rest.empty() && (rest.front() != ':' || rest.size() == 1)) return fail("a port must follow the host after ':'");
  if (!rest.empty()) authority.port = rest.substr(1);
  return authority;
}

Result<std::uint16_t> parse_port(std::string_view text) {
  unsigned value = 0;
  const bool digits = text.size() <= 5 && std::all_of(text.begin(), text.end(), is_digit);
  if (digits) {
    for (char c : text) value = value * 10 + static_cast<unsigned>(c - '0');
  }
  if (!digits || value == 0 || value > 65535) return fail("the port must be a number from 1 to 65535");
  return static_cast<std::uint16_t>(value);
}

/// Strips scheme and authority from an absolute-form target, which then starts with '/' or '?' or is empty.
Status strip_origin(std::string_view& target) {
  const std::size_t slashes = target.find("://");
  const std::string scheme = lower(target.substr(0, slashes));
  if (slashes == std::string_view::npos || (scheme != "http" && scheme != "https")) {
    return fail("the request target must start with '/'");
  }
  target.remove_prefix(slashes + 3);
  const std::string_view text = target.substr(0, target.find_first_of("/?"));
  target.remove_prefix(text.size());
  auto authority = parse_authority(text);
  if (!authority) return fail("the request target has a wrong authority: {}", authority.error().message);
  if (authority->port.empty()) return {};
  auto port = parse_port(authority->port);
  if (!port) return fail("the request target has a wrong authority: {}", port.error().message);
  return {};
}

/// Decodes one component of a path. What is checked here is the decoded text, so that no encoding hides anything.
Status append_component(std::string& path, std::string_view raw) {
  const auto text = percent_decode(raw);
  if (!text) return fail("the path has a '%' that is not followed by two hexadecimal digits");
  if (*text == "." || *text == "..") return fail("the path has a component '.' or '..'");
  for (char c : *text) {
    if (is_control(c)) return fail("the path has a control character");
    if (c == '/' || c == '\\') return fail("the path has an encoded '/' or a backslash");
  }
  path.append(*text);
  return {};
}

bool has_invisible(std::string_view text) { return !std::all_of(text.begin(), text.end(), is_visible); }

}  // namespace

Result<RequestTarget> parse_request_target(std::string_view target) {
  if (has_invisible(target) || target.find('#') != std::string_view::npos) {
    return fail("the request target has a space, a '#', a control character or one outside of ASCII");
  }
  if (target.empty() || target.front() != '/') {
    if (auto stripped = strip_origin(target); !stripped) return tl::make_unexpected(stripped.error());
  }
  RequestTarget result;
  const std::size_t question = target.find('?');
  if (question != std::string_view::npos) result.query = target.substr(question + 1);
  std::string_view raw = target.substr(0, question);
  if (!raw.empty()) raw.remove_prefix(1);
  result.path = "/";
  while (!raw.empty()) {
    const std::size_t slash = raw.find('/');
    if (slash == 0) return fail("the path has an empty component");
    if (auto added = append_component(result.path, raw.substr(0, slash)); !added) {
      return tl::make_unexpected(added.error());
    }
    if (slash == std::string_view::npos) break;
    result.path.push_back('/');
    raw.remove_prefix(slash + 1);
  }
  if (!is_utf8(as_bytes(result.path))) return fail("the path is not UTF-8");
  return result;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result.push_back(text[i]);
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    result.push_back(static_cast<char>(high << 4 | low));
    i += 2;
  }
  return result;
}

std::string percent_encode_path(std::string_view path) {
  constexpr std::string_view kPlain = "-._~!$&'()*+,;=:@/";
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string result;
  for (char c : path) {
    if (is_letter(c) || is_digit(c) || kPlain.find(c) != std::string_view::npos) {
      result.push_back(c);
    } else {
      const auto octet = static_cast<unsigned char>(c);
      result.append({'%', kHex[octet >> 4], kHex[octet & 15]});
    }
  }
  return result;
}

std::string html_escape(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (char c : text) {
    switch (c) {
      case '&':
        result.append("&amp;");
        break;
      case '<':
        result.append("&lt;");
        break;
      case '>':
        result.append("&gt;");
        break;
      case '"':
        result.append("&quot;");
        break;
      case '\'':
        result.append("&#39;");
        break;
      default:
        result.push_back(c);
    }
  }
  return result;
}

Result<Url> parse_url(std::string_view text) {
  if (has_invisible(text)) {
    return fail("the URL has a space, a control character or one outside of ASCII: write it percent-encoded");
  }
  const std::size_t slashes = text.find("://");
  Url url;
  url.scheme = lower(text.substr(0, slashes));
  const bool secure = url.scheme == "wss" || url.scheme == "https";
  if (slashes == std::string_view::npos || !(secure || url.scheme == "ws" || url.scheme == "http")) {
    return fail("the URL must start with wss://, ws://, https:// or http://");
  }
  text.remove_prefix(slashes + 3);
  if (text.find('#') != std::string_view::npos) return fail("the URL must not have a fragment ('#')");
  const std::string_view place = text.substr(0, text.find_first_of("/?"));
  if (place.find('@') != std::string_view::npos) return fail("the URL must not hold a user name or password");
  auto authority = parse_authority(place);
  if (!authority) return fail("in the URL {}", authority.error().message);
  url.host = std::move(authority->host);
  url.port = secure ? 443 : 80;
  if (!authority->port.empty()) {
    auto port = parse_port(authority->port);
    if (!port) return fail("in the URL {}", port.error().message);
    url.port = *port;
  }
  text.remove_prefix(place.size());
  if (!text.empty()) url.path = (text.front() == '?' ? "/" : "") + std::string(text);
  return url;
}

}  // namespace transom::wire
