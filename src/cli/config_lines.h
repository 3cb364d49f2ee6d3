// What stands in a node's configuration for a key and a certificate.
#pragma once
#include <string>

#include "cli/passphrase.h"

namespace transom::cli {

/// The `tls` of an endpoint, in JSON. `encrypted`: the key has a passphrase, and the node needs a place to find it.
std::string tls_lines(const std::string& key, const std::string& certificate, bool encrypted,
                      const PassphraseOptions& passphrase);

std::string absolute_path(const std::string& path);

}  // namespace transom::cli
