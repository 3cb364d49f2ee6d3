// Whether a browser would take what a server sends.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "tls/chain.h"
#include "tls/handles.h"

namespace transom::pki {

/// Whom a client trusts.
struct Authorities {
  std::unique_ptr<X509_STORE, tls::FreeWith<X509_STORE_free>> store;
  bool own = false;  // not the system's, so that the rules for public authorities do not hold
};

/// Those of this machine, where OpenSSL looks for them.
Result<Authorities> system_authorities();

/// The self-signed ones of `certificates`; all of them where none is. So an intermediate beside its root does not hide
/// that the server fails to send it.
Result<Authorities> own_authorities(const std::vector<tls::LoadedCertificate>& certificates);

/// Whether the issuer of `certificate` is among them.
bool knows_issuer_of(const Authorities& authorities, X509* certificate);

/// Why a browser that wants to reach `host` (a name or an address; empty: any) refuses this chain, as whole sentences;
/// none: it takes it. `now` is in seconds since 1970.
std::vector<std::string> browser_refusals(const tls::Chain& chain, const Authorities& authorities,
                                          const std::string& host, std::int64_t now);

}  // namespace transom::pki
