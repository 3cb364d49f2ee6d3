// Randomness as a seam: the node uses the kernel's, tests and the simulator a seeded one.
#pragma once
#include <cstdint>

#include "base/bytes.h"

namespace transom {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(MutableByteSpan out) = 0;
  std::uint64_t next_u64() {
    std::uint64_t value = 0;
    fill({reinterpret_cast<std::uint8_t*>(&value), sizeof value});
    return value;
  }
};

/// Cryptographically strong randomness from getrandom(2), read in blocks. One per core; not shared by threads.
class SystemRandom final : public Random {
 public:
  void fill(MutableByteSpan out) override;

 private:
  std::uint8_t pool_[512];
  std::size_t left_ = 0;
};

/// Reproducible randomness for tests and the simulator (splitmix64). Never for secrets.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(MutableByteSpan out) override;

 private:
  std::uint64_t state_;
};

}  // namespace transom
