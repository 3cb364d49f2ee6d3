// Base64 (RFC 4648 section 4), standard alphabet with padding.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace transom::wire {

std::string base64_encode(ByteSpan octets);
/// Nothing when `text` is not strict, padded base64.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace transom::wire
