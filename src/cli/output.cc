#include "cli/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "cli/cli_error.h"

namespace transom::cli {

void check_outputs(const std::vector<std::string>& paths, bool force) {
  value_or_give_up(node::check_places(paths, force));
}

void spare_inputs(const std::vector<std::string>& outputs, const std::vector<std::optional<std::string>>& inputs) {
  for (const std::string& output : outputs) {
    for (const auto& input : inputs) {
      std::error_code ignored;  // one that is not there is no input
      if (!input || !std::filesystem::equivalent(output, *input, ignored)) continue;
      give_up("{} would overwrite {}, which this command reads; write elsewhere by --out", output, *input);
    }
  }
}

void write_outputs(const std::vector<node::NewFile>& files, bool force) {
  value_or_give_up(node::write_together(files, force));
  for (const node::NewFile& file : files) {
    fmt::print("Wrote {}{}\n", file.name, file.mode == kSecretMode ? " (only you can read it)" : "");
  }
}

void print_output(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return;
  give_up("cannot write to the standard output: {}", std::strerror(errno));
}

}  // namespace transom::cli
