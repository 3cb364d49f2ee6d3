// UTF-8 validation: whole buffers by simdjson, split ones with the few octets of a cut sequence kept in between.
#pragma once
#include <cstdint>

#include "base/bytes.h"

namespace transom::wire {

bool is_utf8(ByteSpan octets);

/// Checks text that arrives in pieces, and fails as soon as no continuation could make it valid (RFC 3629).
class Utf8Stream {
 public:
  /// False: invalid already.
  bool feed(ByteSpan piece);
  /// True when no sequence is open.
  bool complete() const { return pending_ == 0; }
  void reset() { pending_ = 0; }

 private:
  std::uint8_t octets_[4] = {};
  std::uint8_t pending_ = 0;  // octets of an open sequence
};

}  // namespace transom::wire
