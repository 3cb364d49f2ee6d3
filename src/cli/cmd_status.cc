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

/// "worker001 transport001: tcp 127.0.0.1:8443 (TLS), 3 connections, certificate until 2027-01-01 (29 days)"
std::string listener_line(const nlohmann::json& listener) {
  const auto connections = listener.value("connections", std::uint64_t{0});
  std::string line =
      fmt::format("{} {}: {}, {} connection{}", listener.value("worker", ""), listener.value("transport", ""),
                  listener.value("endpoint", ""), connections, connections == 1 ? "" : "s");
  const auto& certificates = listener.value("certificates", nlohmann::json::array());
  for (const auto& certificate : certificates) {
    const auto days = certificate.value("days_left", std::int64_t{0});
    line += fmt::format(", certificate until {} ({})", certificate.value("not_after", "").substr(0, 10),
                        days < 0 ? "expired" : fmt::format("{} day{}", days, days == 1 ? "" : "s"));
  }
  return line;
}

/// "ACME example.com and 1 more: valid until 2027-01-01, next order 2026-12-01", and below it what went wrong.
std::string acme_line(const nlohmann::json& certificate) {
  const auto domains = certificate.value("domains", std::vector<std::string>());
  std::string line = fmt::format("  ACME {}", domains.empty() ? "" : domains.front());
  if (domains.size() > 1) line += fmt::format(" and {} more", domains.size() - 1);
  line += fmt::format(": {}", certificate.value("state", ""));
  const std::string until = certificate.value("not_after", ""), next = certificate.value("next_order", "");
  if (!until.empty()) line += fmt::format(" until {}", until);
  if (!next.empty()) line += fmt::format(", next order {}", next);
  const std::string error = certificate.value("last_error", "");
  return line + (error.empty() ? "\n" : fmt::format("\n    last error: {}\n", error));
}

std::string listener_lines(const nlohmann::json& status) {
  std::string lines;
  const auto& listeners = status.value("listeners", nlohmann::json::array());
  for (const auto& listener : listeners) lines += "  " + listener_line(listener) + "\n";
  const auto& acme = status.value("acme", nlohmann::json::array());
  for (const auto& certificate : acme) lines += acme_line(certificate);
  const auto& warnings = status.value("warnings", nlohmann::json::array());
  for (const auto& warning : warnings) lines += "  warning: " + warning.get<std::string>() + "\n";
  return lines;
}

void print_text(const std::string& directory, const node::LockHolder& holder, bool sessions) {
  fmt::print("Status is {}\n", holder.held ? "RUNNING" : "STOPPED");
  if (!holder.held) return;
  const nlohmann::json status = describe_running(directory, holder.pid, sessions);
  if (!status.value("answers", true)) {
    fmt::print("The node does not answer.\n");
  } else {
    fmt::print("{}", sessions ? session_table(status) : listener_lines(status));
  }
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
