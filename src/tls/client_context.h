// What a command line tool needs to connect to a server over TLS.
#pragma once
#include <string>

#include "base/result.h"
#include "tls/handles.h"

namespace transom::tls {

/// A client's policy (the same versions, suites and groups as the server's; ALPN http/1.1) that verifies every server
/// against the roots in `ca_file`, or against the system's where it is empty. Lives as long as its Streams need it.
Result<ContextHandle> make_client_context(const std::string& ca_file);

}  // namespace transom::tls
