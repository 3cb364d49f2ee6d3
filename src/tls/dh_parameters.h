// Diffie-Hellman parameters as a configuration asks for them.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "tls/handles.h"
#include "tls/tls_config.h"

namespace transom::tls {

/// A group of RFC 7919: "ffdhe2048", "ffdhe3072", "ffdhe4096".
Result<KeyHandle> named_dh_group(const char* name);

/// Those of `dhparam`: a file's, or with "auto" a group of RFC 7919 as strong as the strongest of the RSA keys. Null
/// where none are asked for, and for a file that is too weak, with a warning. OpenSSL makes a new key out of them for
/// every handshake.
Result<KeyHandle> choose_dh_parameters(const ServerConfig& config, int rsa_bits, std::vector<std::string>& warnings);

}  // namespace transom::tls
