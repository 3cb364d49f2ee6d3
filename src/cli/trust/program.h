// Running the programs that keep the stores of certificates, and showing what was run.
#pragma once
#include <string>
#include <vector>

namespace transom::cli {

using CommandLine = std::vector<std::string>;

/// The path of a program of $PATH or of the directories for administrators, which are not on everybody's; empty: none.
std::string find_program(const std::string& name);

/// As a line for a shell.
std::string shown(const CommandLine& command);

struct ProgramResult {
  int code = 0;
  std::string output;  // the first 4 MiB of both its outputs
};
/// Runs a program without a shell; `input` is all that it can read. Ends the command where it cannot be started.
ProgramResult run_program(const CommandLine& command, const std::string& input = "");

}  // namespace transom::cli
