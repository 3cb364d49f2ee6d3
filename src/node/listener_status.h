// What a listener tells of itself.
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>

#include "serve/listener.h"

namespace transom::node {

/// {worker, transport, endpoint, tls}; with TLS also `offers`, in words, and `certificates`, each {file, subject,
/// names, key, not_before, not_after, days_left}. `now` is in seconds since 1970.
nlohmann::json listener_status(const serve::Listener& listener, std::int64_t now);

}  // namespace transom::node
