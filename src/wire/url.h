// Request targets and percent-encoding (RFC 3986), strictly.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace transom::wire {

struct RequestTarget {
  std::string path;   // decoded once; starts with '/'; no control character, no backslash, no empty, "." or ".."
                      // component but a trailing '/'
  std::string query;  // raw, without '?'
};
/// Reads an origin-form target ("/a/b?c") or absolute-form ("http://host/a"). Fails for anything that decodes to NUL or
/// another control character, '/' or a dot component, for bad percent-escapes and for invalid UTF-8.
Result<RequestTarget> parse_request_target(std::string_view target);

std::optional<std::string> percent_decode(std::string_view text);
std::string percent_encode_path(std::string_view path);  // for links and redirects
std::string html_escape(std::string_view text);

/// A ws, wss, http or https URL.
struct Url {
  std::string scheme, host;  // host without brackets, lower-case
  std::uint16_t port = 0;    // default filled in
  std::string path = "/";    // with query
};
Result<Url> parse_url(std::string_view text);

}  // namespace transom::wire
