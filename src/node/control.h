// How `transom stop`, `transom status` and `transom reload` speak to a running node: over a Unix socket in its
// directory.
//
//   request = {"command": "status" | "reload" | "stop"} LF        answer = {"ok": true, ...} LF | {"ok": false,
//   "error": text} LF
//
// One request and one answer a connection; then the node closes it. `status` answers what Node::collect_status gives
// and `node_directory`, `url` and `ca_file` of the node where known; with `"sessions": true` what Node::list_sessions
// gives in their place. `reload` answers `parts`, see json_of in reload.h. `stop` answers `pid` before the node stops.
#pragma once
#include <string>

#include "base/result.h"
#include "serve/unique_fd.h"

namespace transom::node {

inline constexpr char kControlSocketName[] = "control.sock";
inline constexpr std::size_t kMaxControlRequest = 4 * 1024;        // octets
inline constexpr std::size_t kMaxControlAnswer = 4 * 1024 * 1024;  // a client reads no more

/// The listening socket of a node directory, 0600. Its path may be longer than a socket address holds. Whoever calls
/// it holds the NodeLock, so that a socket which is there already is a dead one.
Result<serve::UniqueFd> bind_control_socket(const std::string& directory);
void remove_control_socket(const std::string& directory);

/// Asks the node of a directory; blocks up to `timeout_ms` for the whole answer.
Result<std::string> ask_node(const std::string& directory, const std::string& request, int timeout_ms);

}  // namespace transom::node
