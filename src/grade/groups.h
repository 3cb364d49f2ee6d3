// Named groups of key exchange by number (IANA registry of TLS supported groups).
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace transom::grade {

struct Group {
  std::uint16_t number;
  std::string_view name;
  int bits;  // of the curve, or of the prime
  bool finite_field = false;
  bool hybrid = false;  // with ML-KEM; the bits are those of its curve
  bool tls13 = true;    // may be chosen in TLS 1.3
};

/// In the order in which they are offered: what a modern client prefers first.
std::span<const Group> all_groups();
const Group* find_group(std::uint16_t number);
/// "secp256r1", or "0x1A1A" for one that is not in the table.
std::string group_name(std::uint16_t number);

}  // namespace transom::grade
