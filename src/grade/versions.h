// The versions of the protocol, as their numbers on the wire.
#pragma once
#include <cstdint>
#include <string_view>

namespace transom::grade {

enum class Version : std::uint16_t {
  ssl2 = 0x0002,
  ssl3 = 0x0300,
  tls1_0 = 0x0301,
  tls1_1 = 0x0302,
  tls1_2 = 0x0303,
  tls1_3 = 0x0304,
};

/// From the newest to the oldest.
inline constexpr Version all_versions[] = {Version::tls1_3, Version::tls1_2, Version::tls1_1,
                                           Version::tls1_0, Version::ssl3,   Version::ssl2};

constexpr std::string_view name_of(Version version) {
  switch (version) {
    case Version::ssl2:
      return "SSL 2";
    case Version::ssl3:
      return "SSL 3";
    case Version::tls1_0:
      return "TLS 1.0";
    case Version::tls1_1:
      return "TLS 1.1";
    case Version::tls1_2:
      return "TLS 1.2";
    case Version::tls1_3:
      return "TLS 1.3";
  }
  return "?";
}

}  // namespace transom::grade
