// The bytes of a ClientHello that offers exactly what it is told to, in one record (RFC 8446 4.1.2, RFC 5246 7.4.1.2,
// RFC 6101 for SSL 3). Nothing of it depends on what the linked library can do.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "grade/versions.h"

namespace transom::grade {

/// Values of the suite list that are signals, not suites.
inline constexpr std::uint16_t kRenegotiationScsv = 0x00FF;  // RFC 5746
inline constexpr std::uint16_t kFallbackScsv = 0x5600;       // RFC 7507

struct ClientHello {
  Version version = Version::tls1_2;  // the highest that is offered; not ssl2
  std::vector<std::uint16_t> suites;
  std::vector<std::uint16_t> groups;
  std::string server_name;  // empty: none is sent
  std::array<std::uint8_t, 32> random{};
  bool offer_compression = false;  // DEFLATE before null
  /// TLS 1.3: a share of X25519. Without one a server answers by HelloRetryRequest, which names suite and group and
  /// spares it the signature; but some refuse such a hello.
  bool key_share = false;
};

/// Whether `host` is a name that may stand in server_name; addresses may not (RFC 6066 3).
bool is_host_name(const std::string& host);

Buffer encode(const ClientHello& hello);

/// A CLIENT-HELLO of SSL 2 that offers all its suites.
Buffer encode_ssl2_hello(ByteSpan challenge);

}  // namespace transom::grade
