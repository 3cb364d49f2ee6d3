// One real connection, made by the linked TLS library: for what a single hello cannot show.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "grade/server_flight.h"
#include "tls/handles.h"

namespace transom::grade {

struct SessionFacts {
  std::string version, suite;  // "TLSv1.3", "TLS_AES_128_GCM_SHA256"
  std::string group;           // of the key exchange; empty: there was none
  int group_bits = 0;
  std::vector<Octets> chain;  // DER, as it was sent
  std::optional<Octets> staple;
};

/// A client that takes all this library can speak, old and weak included, and verifies nothing: it looks and tells.
/// Never for anything else.
Result<tls::ContextHandle> make_scan_context();

/// Which certificate a server of several is asked for.
enum class WantedKey : std::uint8_t { any, ecdsa, rsa };
/// To be called before the handshake; asks for a staple too. `anonymous`: offers suites without certificates as well.
void prepare_scan(SSL* ssl, WantedKey key, bool anonymous);

/// Of a connection whose handshake is over.
SessionFacts session_facts(SSL* ssl);

}  // namespace transom::grade
