// Names for what may live on another core.
#pragma once
#include <cstdint>

#include "wamp/message.h"

namespace transom::router {

using wamp::Id;
using CoreId = std::uint8_t;    // 0 to 63
using RealmId = std::uint16_t;  // index into the node's realms; a realm is (worker, name)
inline constexpr std::size_t kMaxCores = 64;
inline constexpr std::size_t kMaxRealms = 65'535;

/// A session anywhere in the node. Slots are used again, with the next generation; a stale reference fails on the core
/// that owns the slot. Never sent to clients (they know random session ids).
struct SessionRef {
  CoreId core = 0;
  std::uint32_t slot = 0;        // below 2^24
  std::uint32_t generation = 0;  // 0: no session
  bool operator==(const SessionRef&) const = default;
  explicit operator bool() const { return generation != 0; }
};

}  // namespace transom::router
