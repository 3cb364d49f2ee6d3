// Who is there: the open sessions of all cores.
#pragma once
#include <functional>
#include <nlohmann/json_fwd.hpp>

#include "serve/core_group.h"

namespace transom::node {

/// Asks every core for its sessions: id, realm, authid, authrole and what the transport tells. At most
/// `kMaxListedSessions` and `kMaxListedOctets` of them are listed, `total` says how many there are. On core 0's thread;
/// `done` comes there later with {"total": n, "sessions": [...]}.
void collect_sessions(serve::CoreGroup& group, std::function<void(nlohmann::json)> done);

inline constexpr std::size_t kMaxListedSessions = 1000;
inline constexpr std::size_t kMaxListedOctets = 3 << 20;  // fits into an answer of the control socket

}  // namespace transom::node
