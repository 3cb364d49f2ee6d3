// Host names as clients ask for them (SNI, RFC 6066 section 3) and as certificates hold them.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace transom::tls {

/// The form in which names are compared: lower case, no trailing dot. `*.` may stand for the first label. Nothing for
/// what is no host name: an address (SNI never carries one), a star elsewhere, a label or a name that is too long.
std::optional<std::string> canonical_server_name(std::string_view name);

/// "*.example.com" for "www.example.com"; empty for a wildcard and for a single label.
std::string wildcard_above(std::string_view canonical_name);

}  // namespace transom::tls
