// sim_test [--seeds N] [--from S] [--trace]
//
// Runs the seeds 1 to 200, or N seeds from S on. A failure names its seed; with --trace its whole conversation is
// printed. The same seed gives the same run.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "sim/simulation.h"

namespace transom::sim {
namespace {

struct Options {
  std::uint64_t seeds = 200, from = 1;
  bool trace = false;
};

Options read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--trace") {
      options.trace = true;
    } else if ((name == "--seeds" || name == "--from") && i + 1 < argc) {
      (name == "--seeds" ? options.seeds : options.from) = std::strtoull(argv[++i], nullptr, 10);
    } else {
      fmt::print(stderr, "usage: sim_test [--seeds N] [--from S] [--trace]\n");
      std::exit(2);
    }
  }
  return options;
}

bool run_one(std::uint64_t seed, bool with_trace, Counts& total) {
  std::vector<std::string> trace;
  try {
    const Counts counts = run(seed, with_trace ? &trace : nullptr);
    total.events += counts.events;
    total.awaited_events += counts.awaited_events;
    total.invocations += counts.invocations;
    total.answers += counts.answers;
    total.letters += counts.letters;
    total.actions += counts.actions;
    return true;
  } catch (const Failure& failure) {
    for (const std::string& line : trace) fmt::print("{}\n", line);
    fmt::print("seed {} FAILED: {}\n", seed, failure.text);
  } catch (const std::exception& error) {
    fmt::print("seed {} FAILED: a message of an unexpected form: {}\n", seed, error.what());
  }
  fmt::print("  again, with all that was said: sim_test --seeds 1 --from {} --trace\n", seed);
  return false;
}

}  // namespace
}  // namespace transom::sim

int main(int argc, char** argv) {
  using namespace transom::sim;
  const Options options = read_options(argc, argv);
  Counts total;
  std::uint64_t failed = 0;
  for (std::uint64_t seed = options.from; seed < options.from + options.seeds; ++seed) {
    if (!run_one(seed, options.trace, total)) ++failed;
  }
  fmt::print("{} seeds, {} actions, {} letters; checked {} events ({} awaited), {} invocations, {} answers of calls\n",
             options.seeds, total.actions, total.letters, total.events, total.awaited_events, total.invocations,
             total.answers);
  fmt::print("{} passed, {} failed\n", options.seeds - failed, failed);
  return failed == 0 ? 0 : 1;
}
