#include "cli/commands.h"

int main(int argc, char** argv) {
  return transom::cli::run_line(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
}
