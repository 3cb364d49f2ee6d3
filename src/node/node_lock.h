// Whose node directory it is: at most one node serves from a directory, and others can tell whether one does.
#pragma once
#include <sys/types.h>

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/result.h"
#include "serve/unique_fd.h"

namespace transom::node {

/// Holds `node.lock` of a node directory (an open file description lock: the kernel lets go of it when the process
/// ends, however it ends) and keeps `node.pid` beside it, which exists for scripts written for Crossbar only.
class NodeLock {
 public:
  /// Fails when another process holds it; `holder_of` then says who.
  static Result<NodeLock> acquire(const std::string& directory);
  NodeLock(NodeLock&&) = default;
  NodeLock& operator=(NodeLock&&) = delete;
  /// Removes `node.pid`; `node.lock` stays, since another process may wait at it.
  ~NodeLock();

  /// Writes `node.pid`: {pid, argv, options}.
  Status write_pid_file(const nlohmann::json& argv, const nlohmann::json& options);

 private:
  NodeLock(std::string directory, serve::UniqueFd file) : directory_(std::move(directory)), file_(std::move(file)) {}

  std::string directory_;
  serve::UniqueFd file_;
};

/// Who holds the lock of a directory. Asking never disturbs a node that is just starting.
struct LockHolder {
  bool held = false;
  pid_t pid = 0;  // as the holder wrote it; for people, never to send a signal to. 0: unknown
};
Result<LockHolder> holder_of(const std::string& directory);

}  // namespace transom::node
