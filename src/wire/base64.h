// Base64 (RFC 4648 section 4), standard alphabet with padding.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace transom::wire {

std::string base64_encode(ByteSpan octets);
/// Writes exactly (size + 2) / 3 * 4 characters to `out`.
void base64_encode_to(ByteSpan octets, char* out);
/// Nothing when `text` is not strict, padded base64.
std::optional<std::string> base64_decode(std::string_view text);
/// The same into `out`, which has room for text.size() / 4 * 3 octets; gives the count.
std::optional<std::size_t> base64_decode_to(std::string_view text, std::uint8_t* out);

}  // namespace transom::wire
