// Asking an OCSP responder over HTTP.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "tls/ocsp.h"

namespace transom::node {

inline constexpr std::int64_t kOcspTimeoutMs = 10'000;

/// What the responder at `responder` (http://) answers to `query`: GET where its address is short enough, else POST. No
/// redirections, no proxies; at most tls::kMaxOcspResponse octets; `timeout_ms` is for all of it, the look-up of the
/// name included. Blocks, and ends soon after `cancelled` is set. Any thread.
Result<std::string> fetch_ocsp(const std::string& responder, const tls::OcspQuery& query,
                               const std::atomic<bool>& cancelled, std::int64_t timeout_ms = kOcspTimeoutMs);

}  // namespace transom::node
