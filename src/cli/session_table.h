// The open sessions of a node as a table for people.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace transom::cli {

/// `answer` is what the node gives for {"command":"status","sessions":true}.
std::string session_table(const nlohmann::json& answer);

}  // namespace transom::cli
