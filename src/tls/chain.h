// The chain that a server sends: which certificate is the leaf, which belong above it, in which order.
#pragma once
#include <string>
#include <vector>

#include "tls/pem_file.h"

namespace transom::tls {

struct Chain {
  CertificateHandle leaf;
  std::vector<LoadedCertificate> above;  // in the order they are sent
  CertificateHandle issuer;              // of the leaf, a root that is not sent as well; null: not among the files
};

/// Orders `pool` (all certificates of all files, in their order): the leaf is the one that `key` belongs to, or none
/// (a null `leaf`). Duplicates and self-signed roots are dropped, for the client has its own; what issued nothing in
/// the chain is not sent, with a warning that names its file. An error: who is named as the issuer is in the pool, but
/// the signature is not that one's.
Result<Chain> build_chain(std::vector<LoadedCertificate> pool, EVP_PKEY* key, std::vector<std::string>& warnings);

}  // namespace transom::tls
