// How a command ends early: with a line for the user and an exit code.
#pragma once
#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "base/result.h"

namespace transom::cli {

/// Thrown by commands, caught by `run_line`; nothing below cli/ throws or sees it.
class CliError : public std::runtime_error {
 public:
  explicit CliError(const std::string& message, int exit_code = 1)
      : std::runtime_error(message), exit_code_(exit_code) {}
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

template <typename... Args>
[[noreturn]] void give_up(fmt::format_string<Args...> format, Args&&... args) {
  throw CliError(fmt::format(format, std::forward<Args>(args)...));
}

/// The value of a result, or the end of the command.
template <typename T>
T value_or_give_up(Result<T> result) {
  if (!result) throw CliError(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace transom::cli
