// The chain that belongs to one certificate, out of a heap of certificates.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "tls/chain.h"

namespace transom::pki {

struct Bundle {
  tls::Chain chain;
  std::vector<std::string> notes;  // what was left out, and why
  /// The last of the chain whose issuer, root or not, is not in the heap; null where there is none.
  X509* open_end = nullptr;
};

/// The leaf is the certificate that `key` (public or private, may be null) belongs to; without a key the only one that
/// is no authority or, among authorities only, the only one that issued none of the others.
Result<Bundle> make_bundle(std::vector<tls::LoadedCertificate> heap, EVP_PKEY* key);

/// All certificates of the chain, leaf first.
Result<std::string> bundle_pem(const tls::Chain& chain);

/// Where the issuer of `certificate` offers its own; empty: it does not say.
std::string issuer_url(X509* certificate);

}  // namespace transom::pki
