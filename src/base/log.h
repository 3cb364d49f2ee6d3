// The node's log: one line per event, to standard error, never a secret in it.
#pragma once
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace transom {

/// Crossbar's names for --loglevel, least to most.
enum class LogLevel { none, error, warn, info, debug, trace };

/// Sets up the log. Call once, before threads start. Lines wait in a bounded queue for a writer thread; when it is
/// full the oldest are dropped, so that a slow terminal never stalls a core.
void log_start(LogLevel level);
/// Writes out what is queued and ends the writer thread.
void log_stop();
void log_set_level(LogLevel level);
bool log_enabled(LogLevel level);

/// Writes one line. Control characters from the outside are escaped, so that no client can forge a line.
void log_write(LogLevel level, std::string_view line);

/// `text` with control characters and DEL as \xNN and cut to `limit` octets: for wire data inside a log line.
std::string log_safe(std::string_view text, std::size_t limit = 256);

template <typename... Args>
void log_line(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(level)) log_write(level, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::error, format, std::forward<Args>(args)...);
}
template <typename... Args>
void log_warn(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::warn, format, std::forward<Args>(args)...);
}
template <typename... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::info, format, std::forward<Args>(args)...);
}
template <typename... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::debug, format, std::forward<Args>(args)...);
}

}  // namespace transom
