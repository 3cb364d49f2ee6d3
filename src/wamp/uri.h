// URI rules (WAMP spec, Basic Profile "URIs"; reference: four regular expressions, loose and strict).
#pragma once
#include <string_view>

#include "wamp/options.h"

namespace transom::wamp {

enum class UriCheck : std::uint8_t { loose, strict };

/// Longest URI accepted anywhere, in octets.
inline constexpr std::size_t kMaxUriLength = 2048;

/// A URI to publish to or call: no empty component, at most kMaxUriLength octets.
bool is_valid_uri(std::string_view uri, UriCheck check);
/// A URI or pattern to subscribe to or register: a trailing empty component for prefix ("" matches everything),
/// empty components anywhere for wildcard.
bool is_valid_pattern(std::string_view uri, UriCheck check, Match match);
/// Applications must not use `wamp` as first component ("wamp", "wamp.x").
bool is_reserved_uri(std::string_view uri);
/// A realm name: ^[A-Za-z][A-Za-z0-9_@.-]{2,254}$ or 0x + 40 hex digits.
bool is_valid_realm_name(std::string_view name);

}  // namespace transom::wamp
