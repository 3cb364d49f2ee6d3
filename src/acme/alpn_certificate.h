// The certificate that answers a tls-alpn-01 challenge (RFC 8737).
#pragma once
#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "tls/handles.h"

namespace transom::acme {

/// Self-signed for `name`, with the digest of the key authorization in its acmeIdentifier. `now` is in seconds since
/// 1970.
Result<tls::CertificateHandle> make_alpn_certificate(const std::string& name, const std::string& key_authorization,
                                                     std::int64_t now, EVP_PKEY* key);

/// What AcmeChallenges::put_alpn wants: a server with such a certificate and a new key, which speaks acme-tls/1 alone.
Result<std::shared_ptr<SSL_CTX>> make_alpn_context(const std::string& name, const std::string& key_authorization,
                                                   std::int64_t now);

}  // namespace transom::acme
