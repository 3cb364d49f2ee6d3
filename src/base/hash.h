// Keyed hashing, so that nobody outside can choose keys that collide (SipHash-1-3, Aumasson and Bernstein).
#pragma once
#include <cstdint>
#include <string_view>

namespace transom {

struct HashKey {
  std::uint64_t k0, k1;
};

/// The key of this process; random from its start on.
const HashKey& process_hash_key();

std::uint64_t keyed_hash(std::string_view text, const HashKey& key = process_hash_key());

/// For tables keyed by numbers that peers choose.
struct IdHash {
  std::size_t operator()(std::uint64_t id) const {
    std::uint64_t mixed = id ^ process_hash_key().k0;
    mixed = (mixed ^ (mixed >> 33)) * 0xff51afd7ed558ccdULL;
    mixed = (mixed ^ (mixed >> 33)) * (process_hash_key().k1 | 1);
    return mixed ^ (mixed >> 29);
  }
};

}  // namespace transom
