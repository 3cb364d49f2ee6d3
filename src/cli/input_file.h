// Files that a user hands to a command.
#pragma once
#include <cstddef>
#include <optional>
#include <string>

#include "tls/secret.h"

namespace transom::cli {

constexpr std::size_t kMaxInput = 1024 * 1024;

/// The octets of a file, or of the standard input for "-"; `what` names it in messages: "certificate". Ends the command
/// for what is missing, unreadable, empty, a directory, longer than `max_octets`, or a pipe into which nobody writes.
std::string read_input(const std::string& path, const char* what, std::size_t max_octets = kMaxInput);

/// The same for what must not stay in memory.
tls::Secret read_secret_input(const std::string& path, const char* what);

/// Ends the command for "-": what is read more than once must be a file. `option` names it: "--key".
void refuse_standard_input(const std::optional<std::string>& path, const char* option);

}  // namespace transom::cli
