// An OCSP response that a server staples into its handshakes (RFC 6066 section 8, RFC 6961 not).
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/shared_slot.h"

namespace transom::tls {

/// A verified response, DER, and until when it may be sent (seconds since 1970).
struct Staple {
  std::string der;
  std::int64_t not_after = 0;
};

/// The place of one certificate's staple. Whoever fetches responses puts one in, handshakes on any core take it out.
using StapleSlot = SharedSlot<Staple>;

/// The slots of a node by the certificate's SHA-256 fingerprint, so that a reloaded certificate finds its staple again.
/// One thread at a time, which is loading contexts.
class StapleStore {
 public:
  std::shared_ptr<StapleSlot> slot(const std::string& sha256_fingerprint) {
    auto& place = slots_[sha256_fingerprint];
    auto present = place.lock();
    if (!present) place = present = std::make_shared<StapleSlot>();
    return present;
  }

 private:
  std::map<std::string, std::weak_ptr<StapleSlot>> slots_;
};

}  // namespace transom::tls
