// Whether a Transom would serve with a key and a certificate: by the code that a start runs.
#pragma once
#include <string>
#include <vector>

#include "cli/passphrase.h"
#include "tls/tls_config.h"

namespace transom::cli {

struct ServerTrial {
  std::string refusal;  // empty: it takes them
  std::vector<std::string> warnings;
};

/// `passphrase` says where the node would find that of the key; nobody is asked for it.
ServerTrial try_pair(const std::string& key, const std::string& certificate, const PassphraseOptions& passphrase,
                     tls::KeyPermissions permissions);

}  // namespace transom::cli
