// From when to when a certificate is valid.
#pragma once
#include <cstdint>

namespace transom::pki {

/// Certificates begin this long before now, for clients whose clocks are behind.
inline constexpr std::int64_t kClockSkew = 3600;

struct Validity {
  std::int64_t begin = 0, end = 0;  // seconds since 1970
};

/// Just `lifetime_s`, not the skew on top: some clients refuse what is valid a second longer than they like. The last
/// second counts (RFC 5280, 4.1.2.5).
constexpr Validity validity(std::int64_t now, std::int64_t lifetime_s) {
  return {now - kClockSkew, now - kClockSkew + lifetime_s - 1};
}

}  // namespace transom::pki
