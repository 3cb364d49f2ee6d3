// Reading numbers and counted fields from octets of a stranger: past the end everything is zero and `ok` is false.
#pragma once
#include <cstdint>

#include "base/bytes.h"

namespace transom::grade {

class Cursor {
 public:
  explicit Cursor(ByteSpan octets) : rest_(octets) {}

  bool ok() const { return ok_; }
  std::size_t left() const { return rest_.size(); }
  std::uint32_t number(std::size_t octets) {
    std::uint32_t value = 0;
    for (const std::uint8_t octet : take(octets)) value = value << 8 | octet;
    return value;
  }
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  ByteSpan take(std::size_t count) {
    if (!ok_ || count > rest_.size()) {
      ok_ = false;
      return {};
    }
    const ByteSpan taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  /// A field behind its length, which itself has `octets` octets.
  ByteSpan counted(std::size_t octets) { return take(number(octets)); }

 private:
  ByteSpan rest_;
  bool ok_ = true;
};

}  // namespace transom::grade
