// Limits of the router on what one session may hold; each stops a client from growing the node without end.
#pragma once
#include <cstddef>

namespace transom::router {

inline constexpr std::size_t kMaxSubscriptionsPerSession = 200'000;
inline constexpr std::size_t kMaxRegistrationsPerSession = 50'000;
inline constexpr std::size_t kMaxPendingCallsPerSession = 65'536;   // as caller
inline constexpr std::size_t kMaxInvocationsPerSession = 65'536;    // as callee
inline constexpr std::size_t kMaxSessionsPerCore = (1U << 24) - 1;  // SessionRef::slot

}  // namespace transom::router
