#include "cli/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cli/cli_error.h"

namespace transom::cli {

void check_outputs(const std::vector<std::string>& paths, bool force) {
  value_or_give_up(node::check_places(paths, force));
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
