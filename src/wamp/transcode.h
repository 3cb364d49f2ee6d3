// Moves one value from one serialization to another as a stream of events, with no tree in between.
//
// Faithful: integers keep their value over the whole int64/uint64 range, floats stay floats (1.0 is "1.0" in JSON),
// strings stay strings, binary is the string "\u0000" + base64 in JSON and back (undecodable base64 behind a NUL stays
// a string). What JSON cannot say: NaN and infinities become null (as JSON.stringify does), integer map keys become
// strings. CBOR: tag 64 (Uint8Array) and byte strings are binary, bignums and JSON integers over 64 bits become the
// nearest float (a bignum that fits 64 bits is an integer), other tags give their content, undefined is null. MsgPack
// ext types become their octets. A lone surrogate escape of JSON becomes U+FFFD.
#pragma once
#include "base/bytes.h"
#include "wamp/message.h"

namespace transom::wamp {

/// Appends `value` (one validated value in `from`) to `out` as `to`. When both are equal the octets are copied.
void transcode(SerializerId from, ByteSpan value, SerializerId to, Buffer& out);

}  // namespace transom::wamp
