// When a responder is asked again.
#pragma once
#include <cstdint>

#include "base/random.h"

namespace transom::node {

/// After an answer that holds from `this_update` to `good_until`: about half of that, or half of what is left of it;
/// spread a little, so that not all nodes of an authority come at once. All in seconds since 1970.
std::int64_t next_refresh(std::int64_t this_update, std::int64_t good_until, std::int64_t now, Random& random);

/// After the `failures`th failure in a row: 1 min, doubled up to 1 h; sooner where the staple at hand has only `left_s`
/// to go (0: there is none). `urgent`: the first after 5 s, for clients are refused meanwhile.
std::int64_t next_retry(unsigned failures, std::int64_t left_s, bool urgent, std::int64_t now, Random& random);

}  // namespace transom::node
