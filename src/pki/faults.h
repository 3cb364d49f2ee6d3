// Why browsers and other clients of today refuse a certificate, a key or a list, as whole sentences with a remedy.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tls/handles.h"

namespace transom::pki {

inline constexpr std::int64_t kDaySeconds = 86'400;
/// Apple's programs take no server certificate that is valid longer, whoever issued it.
inline constexpr std::int64_t kLongestLife = 825 * kDaySeconds;
/// No browser takes a longer one from an authority that it knows by itself.
inline constexpr std::int64_t kLongestPublicLife = 398 * kDaySeconds;

/// A key that is too short, or of a kind that browsers do not take. `key` may be null: of an unknown kind.
std::vector<std::string> key_faults(EVP_PKEY* key);

/// A signature by a broken hash; `nid` is the algorithm's.
std::vector<std::string> signature_faults(int nid);

/// Dates, key, signature; of a server's certificate its names, uses and lifetime as well. `now` is in seconds since
/// 1970.
std::vector<std::string> certificate_faults(X509* certificate, std::int64_t now);

/// "in 12 days", "3 days ago".
std::string distance(std::int64_t seconds, std::int64_t now);

}  // namespace transom::pki
