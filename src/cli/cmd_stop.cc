#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/places.h"
#include "node/control.h"
#include "node/node_lock.h"

namespace transom::cli {
namespace {

constexpr int kNotRunning = 69;  // EX_UNAVAILABLE, as Crossbar's
constexpr int kAnswerTimeoutMs = 5'000;
constexpr std::int64_t kDefaultTimeoutSeconds = 30;
constexpr auto kPollInterval = std::chrono::milliseconds(20);

/// The kernel releases the lock when the process has gone, and nothing announces that: so it is asked again and again.
bool wait_until_gone(const std::string& directory, std::int64_t timeout_s) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(timeout_s);
  while (value_or_give_up(node::holder_of(directory)).held) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kPollInterval);
  }
  return true;
}

}  // namespace

int run_stop(Arguments& arguments) {
  PlaceOptions place;
  std::optional<std::int64_t> timeout_s;
  place.declare(arguments, false);
  arguments.number("--timeout", timeout_s, 1, 3600, "SECONDS", "How long to wait for its end (default: 30)");
  if (const auto code = arguments.parse()) return *code;

  const std::string directory = control_directory(place);
  const auto holder = value_or_give_up(node::holder_of(directory));
  if (!holder.held) {
    fmt::print("No Transom is currently running from node directory {}.\n", directory);
    return kNotRunning;
  }
  fmt::print("Stopping Transom currently running from node directory {} (PID {})\n", directory, holder.pid);
  std::fflush(stdout);
  value_or_give_up(node::ask_node(directory, R"({"command":"stop"})", kAnswerTimeoutMs));
  const std::int64_t wait_s = timeout_s.value_or(kDefaultTimeoutSeconds);
  if (!wait_until_gone(directory, wait_s)) {
    give_up("process {} was told to stop but has not ended within {} seconds", holder.pid, wait_s);
  }
  fmt::print("Process {} has exited gracefully.\n", holder.pid);
  return 0;
}

}  // namespace transom::cli
