#include "base/random.h"

#include <sys/random.h>

#include <algorithm>
#include <cstdlib>

namespace transom {

void SystemRandom::fill(MutableByteSpan out) {
  while (!out.empty()) {
    if (left_ == 0) {
      // A pool of at most 256 octets is never cut short by a signal (getrandom(2)); 512 may be, so take what came.
      const ssize_t got = getrandom(pool_, sizeof pool_, 0);
      if (got <= 0) continue;
      left_ = static_cast<std::size_t>(got);
    }
    const std::size_t count = std::min(left_, out.size());
    std::memcpy(out.data(), pool_ + left_ - count, count);
    std::memset(pool_ + left_ - count, 0, count);
    left_ -= count;
    out = out.subspan(count);
  }
}

void SeededRandom::fill(MutableByteSpan out) {
  for (std::uint8_t& octet : out) {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    octet = static_cast<std::uint8_t>(mixed ^ (mixed >> 31));
  }
}

}  // namespace transom
