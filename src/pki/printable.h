// Text of strangers, fit to be shown.
#pragma once
#include <string>
#include <string_view>

namespace transom::pki {

/// What could move a terminal's cursor becomes visible ("\1B"): control characters of ASCII and of ISO 8859 (two octets
/// in UTF-8) and, where `ascii`, all beyond ASCII. Cut after 1000 octets.
std::string printable(std::string_view text, bool ascii = false);

}  // namespace transom::pki
