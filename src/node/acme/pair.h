// A key and its certificate as an ACME server gave it: whether they will do.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "node/acme/files.h"
#include "tls/certificate_info.h"

namespace transom::node {

struct AcmePair {
  std::string key_pem, chain_pem;
};

/// What is to be known of a pair that will do.
struct AcmePairFacts {
  tls::CertificateInfo info;
  std::string renewal_id;  // RFC 9773; empty: the certificate has none
  std::string chain_pem;   // leaf first, in order, and nothing but certificates
};

/// Key and certificate belong together, the chain is whole and one that a server can use, an authority issued it for
/// all of `domains`, and it has not expired at `now`. Errors complete "the certificate ...".
Result<AcmePairFacts> judge_acme_pair(const AcmePair& pair, const std::vector<std::string>& domains, std::int64_t now);

/// Both files; nothing where one is missing.
Result<std::optional<AcmePair>> read_acme_pair(const AcmeFiles& files);

}  // namespace transom::node
