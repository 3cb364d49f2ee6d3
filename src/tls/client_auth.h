// Certificates of clients: whom a server asks for one, whom it trusts, and what it says of those it refuses.
#pragma once
#include <openssl/ssl.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "tls/tls_config.h"

namespace transom::tls {

/// Makes `context` ask for and verify client certificates as `config` says. Each certificate of the CA files is trusted
/// as it stands there, an intermediate without its root as well. With CRLs, a client's certificate needs one of its
/// issuer's; the CAs above it are checked where there is one. crl_coverage.h says which lists will not do. An outdated
/// CRL still refuses what it lists, with a warning here. A certificate with extended key usages must be one for clients
/// (clientAuth).
///
/// Who is trusted is part of the session id context, so no ticket outlives a change of it: a certificate that a
/// reloaded CRL revokes is not resumed. Nor is one that has expired meanwhile.
Status apply_client_auth(SSL_CTX* context, const ClientAuthConfig& config, std::vector<std::string>& warnings);

/// When the next CRL of an issuer is due, for a watch that warns.
struct CrlDate {
  std::string file;
  std::string issuer;
  std::int64_t last_update = 0;  // seconds since 1970
  std::int64_t next_update = 0;  // 0: it does not say
};
/// Reads the files.
Result<std::vector<CrlDate>> crl_dates(const ClientAuthConfig& config);

/// Why the certificate of the client of `ssl` was refused, for the log: "the client's certificate "CN=joe" is not
/// accepted: ...". Empty when none was.
std::string client_refusal(SSL* ssl);

}  // namespace transom::tls
