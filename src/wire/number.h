// Integers of any length.
#pragma once
#include "base/bytes.h"
#include "wire/value.h"

namespace transom::wire {

/// Sets `token` to the big-endian number n, or to -1 - n when `negative`: an integer where it is one of 64 bits, else
/// the nearest float.
void set_bignum(ByteSpan octets, bool negative, Token& token);

}  // namespace transom::wire
