// What every context of ours has in common, and what a `ciphers` option may change.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tls/handles.h"

namespace transom::tls {

/// The suites of TLS 1.2 where a configuration names none: Mozilla's intermediate list, all forward secret and AEAD.
inline constexpr char default_ciphers[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

/// Versions, suites of TLS 1.3, groups, security level and memory modes of clients and servers alike.
Status apply_policy(SSL_CTX* context);

/// Sets the TLS 1.2 suites from `ciphers`, a list in OpenSSL's syntax. What this OpenSSL does not know and what is
/// broken (3DES, RC4, NULL, EXPORT, anonymous) is skipped with a warning each; if nothing is left that is an error.
/// DHE suites are offered only if there are DH parameters.
Status apply_ciphers(SSL_CTX* context, std::string_view ciphers, bool has_dh_parameters,
                     std::vector<std::string>& warnings);

}  // namespace transom::tls
