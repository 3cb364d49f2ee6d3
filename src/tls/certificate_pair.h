// A certificate with its key and chain, read from the files of a configuration and checked.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "tls/certificate_info.h"
#include "tls/chain.h"
#include "tls/handles.h"
#include "tls/tls_config.h"

namespace transom::tls {

struct CertificatePair {
  CertificateConfig config;
  KeyHandle key;
  Chain chain;
  CertificateInfo info;
  std::vector<std::string> names;  // canonical host names for which it is sent
};

/// Errors and warnings name the file and the remedy. What clients will refuse (dates, names, purpose) is a warning: it
/// may be mended while the node runs.
Result<CertificatePair> load_pair(const CertificateConfig& config, const KeyRules& rules,
                                  std::vector<std::string>& warnings);

/// Makes `context` serve `pair`, besides those of other kinds of keys that it has.
Status use_pair(SSL_CTX* context, const CertificatePair& pair);

/// How suites of TLS 1.2 call what the key does: "RSA" or "ECDSA".
std::string authentication_kind(EVP_PKEY* key);

}  // namespace transom::tls
