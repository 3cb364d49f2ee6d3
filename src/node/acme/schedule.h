// When a certificate is renewed, and when an order that failed is tried again. All in seconds since 1970.
#pragma once
#include <cstdint>
#include <string>

#include "base/random.h"
#include "node/acme/client.h"
#include "node/acme/state.h"
#include "tls/certificate_info.h"

namespace transom::node {

/// The longest pause that a server can impose: the limits of Let's Encrypt are by the week.
inline constexpr std::int64_t kLongestForbiddenS = 8 * 86'400;

/// After two thirds of the lifetime, up to a sixtieth of it later, which is another part for each certificate.
std::int64_t renewal_time(const tls::CertificateInfo& info);
/// The time that was chosen in the server's window, kept within an hour after the beginning of the lifetime and nine
/// tenths of it, so that a server whose window is nonsense neither empties its own limits nor lets us expire.
std::int64_t renewal_time(const tls::CertificateInfo& info, const AcmeState::Renewal& suggested);

/// A time in the window, by chance: the server spreads its work so.
std::int64_t choose_in(const acme::RenewalWindow& window, Random& random);

/// Until which nobody should ask again because the server said so; 0: it did not.
std::int64_t forbidden_until(const AcmeFault& fault, std::int64_t now);

/// After the `failures`th failure in a row: 1 min, or 15 where the server refused, doubled up to 12 h, spread by a
/// tenth; not before the server's own word.
std::int64_t next_order(unsigned failures, const AcmeFault& fault, std::int64_t now, Random& random);

}  // namespace transom::node
