#include <csignal>

#include "cli/commands.h"

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of its writer, which tidies up
  return transom::cli::run_line(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
}
