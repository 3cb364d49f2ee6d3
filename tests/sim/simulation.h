// One run: some cores and clients, and a scheduler that picks every step at random from a seed.
#pragma once
#include "sim/model.h"

namespace transom::sim {

/// Throws Failure when a guarantee was broken. `trace` (may be null) gets a line for all that was said.
Counts run(std::uint64_t seed, std::vector<std::string>* trace);

}  // namespace transom::sim
