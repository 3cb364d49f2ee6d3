// The log of a command that serves.
#pragma once
#include "base/log.h"

namespace transom::cli {

/// Ends the log with the command, so that the last lines are written however it ends.
struct LogScope {
  explicit LogScope(LogLevel level) { log_start(level); }
  ~LogScope() { log_stop(); }
  LogScope(const LogScope&) = delete;
  LogScope& operator=(const LogScope&) = delete;
};

}  // namespace transom::cli
