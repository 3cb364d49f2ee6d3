// The certificate authority of the default node. People will put its root into their browsers, so it can vouch for
// nothing but this machine: its constraints hold for whoever steals the intermediate's key, and the root's own key is
// used once and never leaves this code.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace transom::tls {

struct LocalCa {
  std::string root_cert_pem;
  std::string intermediate_cert_pem;
  std::string intermediate_key_pem;  // PKCS #8, not encrypted
};

/// A new authority: a root "Transom local CA <name> <id>" that signs one intermediate; both for ten years, for servers
/// (serverAuth) and for localhost and the loopback addresses only (critical name constraints). `now` is in seconds
/// since 1970; `name`, usually the host's, is cut to 24 printable ASCII characters.
Result<LocalCa> make_local_ca(std::int64_t now, std::string_view name);

struct IssuedCertificate {
  std::string chain_pem;  // the certificate, then the intermediate
  std::string key_pem;    // PKCS #8, not encrypted
};

/// A P-256 certificate for localhost, 127.0.0.1 and ::1, valid for 90 days but not longer than the intermediate.
Result<IssuedCertificate> issue_localhost_certificate(std::int64_t now, const std::string& intermediate_cert_pem,
                                                      const std::string& intermediate_key_pem);

/// Whether the first certificate of `certificate_pem` should be replaced: two thirds of its life are over, it is not
/// valid yet, cannot be read, names other hosts, or is not from this intermediate.
bool renewal_due(const std::string& certificate_pem, const std::string& intermediate_cert_pem, std::int64_t now);

/// Whether an authority of `make_local_ca` can still sign: both certificates readable and valid for another 90 days,
/// the root issued the intermediate, and the key belongs to it.
bool local_ca_usable(const LocalCa& ca, std::int64_t now);

}  // namespace transom::tls
