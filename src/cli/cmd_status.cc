#include <nlohmann/json.hpp>

#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/places.h"
#include "cli/session_table.h"
#include "node/control.h"
#include "node/node_lock.h"

namespace transom::cli {
namespace {

constexpr int kAssertionFailed = 69;
constexpr int kAnswerTimeoutMs = 5'000;

/// A node that is just starting or ending holds the lock but does not answer: it is there all the same.
nlohmann::json describe_running(const std::string& directory, pid_t pid, bool sessions) {
  nlohmann::json status;
  const char* request = sessions ? R"({"command":"status","sessions":true})" : R"({"command":"status"})";
  if (const auto answer = node::ask_node(directory, request, kAnswerTimeoutMs)) {
    status = nlohmann::json::parse(*answer, nullptr, false);
  }
  if (!status.is_object()) status = {{"pid", pid}, {"answers", false}};
  status.erase("ok");
  return status;
}

void print_json(const std::string& directory, const node::LockHolder& holder, bool sessions) {
  nlohmann::json status = nlohmann::json::object();
  if (holder.held) status = describe_running(directory, holder.pid, sessions);
  status["status"] = holder.held ? "running" : "stopped";
  status["node_directory"] = directory;
  fmt::print("{}\n", status.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void print_text(const std::string& directory, const node::LockHolder& holder, bool sessions) {
  fmt::print("Status is {}\n", holder.held ? "RUNNING" : "STOPPED");
  if (!holder.held || !sessions) return;
  const nlohmann::json status = describe_running(directory, holder.pid, true);
  fmt::print("{}", status.contains("sessions") ? session_table(status) : "The node does not answer.\n");
}

}  // namespace

int run_status(Arguments& arguments) {
  PlaceOptions place;
  std::string asserted;
  bool json = false, sessions = false;
  place.declare(arguments, false);
  arguments.choice("--assert", asserted, {"running", "stopped"}, "Exit with 69 unless this is the status");
  arguments.flag("--json", json, "Print what the node tells of itself as JSON");
  arguments.flag("--sessions", sessions, "List the open sessions, at most 1000");
  if (const auto code = arguments.parse()) return *code;

  const std::string directory = control_directory(place);
  const auto holder = value_or_give_up(node::holder_of(directory));
  if (json) {
    print_json(directory, holder, sessions);
  } else {
    print_text(directory, holder, sessions);
  }
  const bool as_asserted = asserted.empty() || (asserted == "running") == holder.held;
  return as_asserted ? 0 : kAssertionFailed;
}

}  // namespace transom::cli
