// Having a running node take over new files.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace transom::cli {

/// What became of each part of the node that runs from `directory`; ends the command where it does not answer.
nlohmann::json ask_to_reload(const std::string& directory);

/// A line for each part, and its warnings.
void print_reload(const nlohmann::json& parts);

/// Whether some part went on with its old files, because the new ones cannot be used.
bool kept_old_files(const nlohmann::json& parts);

}  // namespace transom::cli
