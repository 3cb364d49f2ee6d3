// Limits of the router on what one session may hold; each stops a client from growing the node without end.
#pragma once
#include <cstddef>

namespace transom::router {

inline constexpr std::size_t kMaxSubscriptionsPerSession = 200'000;
inline constexpr std::size_t kMaxRegistrationsPerSession = 50'000;
inline constexpr std::size_t kMaxPendingCallsPerSession = 65'536;  // as caller
inline constexpr std::size_t kMaxInvocationsPerSession = 65'536;   // as callee
/// Each component of a wildcard pattern is a node of the index; no URI in use comes near this.
inline constexpr std::size_t kMaxWildcardComponents = 32;
inline constexpr std::size_t kMaxSessionsPerCore = (1U << 24) - 1;  // SessionRef::slot

}  // namespace transom::router
