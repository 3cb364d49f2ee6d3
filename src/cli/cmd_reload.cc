#include <nlohmann/json.hpp>

#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/places.h"
#include "node/control.h"
#include "node/control_server.h"
#include "node/node_lock.h"

namespace transom::cli {
namespace {

constexpr int kNotRunning = 69;  // EX_UNAVAILABLE
constexpr int kAnswerTimeoutMs = node::ControlServer::kReloadMs;

nlohmann::json ask_to_reload(const std::string& directory) {
  const std::string text = value_or_give_up(node::ask_node(directory, R"({"command":"reload"})", kAnswerTimeoutMs));
  nlohmann::json answer = nlohmann::json::parse(text, nullptr, false);
  if (!answer.is_object() || !answer.value("ok", false) || !answer.contains("parts")) {
    give_up("the node gave an answer that this version does not understand: {}", text);
  }
  return answer;
}

void print_part(const nlohmann::json& part) {
  const bool kept = part.at("result") == "kept";
  fmt::print("{}: {}{}\n", part.at("part").get<std::string>(), kept ? "the old one stays: " : "",
             part.at("text").get<std::string>());
  for (const auto& warning : part.at("warnings")) fmt::print("  warning: {}\n", warning.get<std::string>());
}

}  // namespace

int run_reload(Arguments& arguments) {
  PlaceOptions place;
  bool json = false;
  place.declare(arguments, false);
  arguments.flag("--json", json, "Print what became of each listener as JSON");
  if (const auto code = arguments.parse()) return *code;

  const std::string directory = control_directory(place);
  if (!value_or_give_up(node::holder_of(directory)).held) {
    fmt::print(stderr, "No Transom is currently running from node directory {}.\n", directory);
    return kNotRunning;
  }
  nlohmann::json answer = ask_to_reload(directory);
  const nlohmann::json& parts = answer.at("parts");
  if (json) {
    answer.erase("ok");
    fmt::print("{}\n", answer.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    for (const auto& part : parts) print_part(part);
    if (parts.empty()) fmt::print("There is nothing to reload: no listener of this node uses TLS.\n");
  }
  return std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part.at("result") == "kept"; }) ? 1 : 0;
}

}  // namespace transom::cli
