// Why a TLS connection failed, as one line that a person can act on.
#pragma once
#include <openssl/ssl.h>

#include <string>

namespace transom::tls {

/// Reads the reason off OpenSSL's error queue after a call on `ssl` failed.
std::string describe_failure(SSL* ssl);

}  // namespace transom::tls
