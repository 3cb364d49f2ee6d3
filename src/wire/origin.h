// The Origin field (RFC 6454) against a list of patterns.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace transom::wire {

/// True when `origin` ("https://app.example.com" or with port) matches one of the globs (`*` any run of characters,
/// `?` one), compared as scheme://host:port with the default port filled in on both sides; "*" matches all.
bool origin_allowed(std::string_view origin, const std::vector<std::string>& patterns);
/// True for http(s)://localhost, *.localhost, 127.0.0.0/8 or [::1], any port.
bool is_loopback_origin(std::string_view origin);
/// True for localhost, 127.0.0.1 or [::1] with any or no port: what a Host field may say on the default node.
bool is_loopback_host(std::string_view host);

}  // namespace transom::wire
