// What clients will dislike of a certificate that OpenSSL itself takes.
#pragma once
#include <string>
#include <vector>

#include "tls/chain.h"
#include "tls/tls_config.h"

namespace transom::tls {

/// Dates, names, purpose, kind of key and signature of a chain; warnings name the file and the remedy.
void warn_of_doubts(const CertificateConfig& config, const Chain& chain, std::vector<std::string>& warnings);

}  // namespace transom::tls
