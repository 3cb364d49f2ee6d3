// A server's private key from its file: who may read it, and the passphrase that opens it.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "tls/handles.h"
#include "tls/tls_config.h"

namespace transom::tls {

/// The key of `config`. One that others can read is refused, or warned of, as `permissions` says; so is the file of its
/// passphrase. The passphrase is wiped when the key is open. Errors name the file or the source, and the remedy.
Result<KeyHandle> load_key(const CertificateConfig& config, const KeyRules& rules, std::vector<std::string>& warnings);

}  // namespace transom::tls
