#include "base/hash.h"

#include <bit>
#include <cstring>

#include "base/random.h"

namespace transom {
namespace {

struct SipState {
  std::uint64_t v0, v1, v2, v3;
  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void absorb(std::uint64_t word) {
    v3 ^= word;
    round();
    v0 ^= word;
  }
};

}  // namespace

const HashKey& process_hash_key() {
  static const HashKey key = [] {
    SystemRandom random;
    return HashKey{random.next_u64(), random.next_u64()};
  }();
  return key;
}

std::uint64_t keyed_hash(std::string_view text, const HashKey& key) {
  SipState state{key.k0 ^ 0x736f6d6570736575ULL, key.k1 ^ 0x646f72616e646f6dULL, key.k0 ^ 0x6c7967656e657261ULL,
                 key.k1 ^ 0x7465646279746573ULL};
  const char* data = text.data();
  std::size_t left = text.size();
  for (; left >= 8; data += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, data, 8);
    state.absorb(word);
  }
  std::uint64_t last = std::uint64_t{text.size()} << 56;
  if (left > 0) std::memcpy(&last, data, left);  // the length octet stays on top: left < 8
  state.absorb(last);
  state.v2 ^= 0xff;
  for (int i = 0; i < 3; ++i) state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace transom
