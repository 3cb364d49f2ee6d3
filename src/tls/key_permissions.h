// Who may read a file that holds a secret.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tls/tls_config.h"

namespace transom::tls {

/// A file that everybody may read, or that belongs to somebody else than root, this process's user and the owner whom
/// the rules name, is an error or,
/// with `warn`, a warning; both say the command that mends it. The group may read it: so do Debian's ssl-cert, systemd
/// and Kubernetes hand out keys. A file that is not there is for whoever opens it to report. `what` is for messages.
Status check_key_permissions(const std::string& file, const KeyRules& rules, std::vector<std::string>& warnings,
                             std::string_view what = "key");

}  // namespace transom::tls
