// What a scan found out about a server, before anybody judges it.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "grade/server_flight.h"
#include "grade/versions.h"

namespace transom::grade {

struct ServerFacts {
  /// Every version that is offered with its suites, in the order in which the server chose them. Not SSL 2.
  std::map<Version, std::vector<std::uint16_t>> suites;
  std::optional<Ssl2Answer> ssl2;
  std::vector<std::uint16_t> groups13, groups12;  // of TLS 1.3, of ECDHE before it
  std::optional<int> dh_bits;                     // the smallest prime of a DHE suite
  std::optional<bool> secure_renegotiation;       // nothing: TLS 1.3 only, which has no renegotiation
  std::optional<bool> fallback_scsv;              // nothing: one version, there is nothing to fall back to
  std::optional<bool> server_order;               // nothing: never a choice of two suites
  bool compression = false;
  std::vector<std::vector<Octets>> chains;  // that were seen in the clear, one for each leaf
  bool complete = true;                     // false: connections failed or ran out, so something may be missing
  int connections = 0;

  bool offers(Version version) const {
    return version == Version::ssl2 ? ssl2.has_value() : suites.find(version) != suites.end();
  }
};

}  // namespace transom::grade
