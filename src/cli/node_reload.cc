#include "cli/node_reload.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/cli_error.h"
#include "node/control.h"
#include "node/control_server.h"

namespace transom::cli {
namespace {

constexpr int kAnswerTimeoutMs = node::ControlServer::kReloadMs;

bool kept(const nlohmann::json& part) { return part.at("result") == "kept"; }

}  // namespace

nlohmann::json ask_to_reload(const std::string& directory) {
  const std::string text = value_or_give_up(node::ask_node(directory, R"({"command":"reload"})", kAnswerTimeoutMs));
  nlohmann::json answer = nlohmann::json::parse(text, nullptr, false);
  if (!answer.is_object() || !answer.value("ok", false) || !answer.contains("parts")) {
    give_up("the node gave an answer that this version does not understand: {}", text);
  }
  return answer.at("parts");
}

void print_reload(const nlohmann::json& parts) {
  for (const auto& part : parts) {
    fmt::print("{}: {}{}\n", part.at("part").get<std::string>(), kept(part) ? "the old one stays: " : "",
               part.at("text").get<std::string>());
    for (const auto& warning : part.at("warnings")) fmt::print("  warning: {}\n", warning.get<std::string>());
  }
  if (parts.empty()) fmt::print("There is nothing to reload: no listener of this node uses TLS.\n");
}

bool kept_old_files(const nlohmann::json& parts) { return std::any_of(parts.begin(), parts.end(), kept); }

}  // namespace transom::cli
