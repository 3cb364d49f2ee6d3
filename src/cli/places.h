// Where the commands find a node: its directory, the default node of the current directory, the program itself.
#pragma once
#include <optional>
#include <string>

#include "cli/arguments.h"
#include "node/config/config.h"

namespace transom::cli {

/// The options that name a node.
struct PlaceOptions {
  std::optional<std::string> cbdir, config;
  void declare(Arguments& arguments, bool with_config);
};

std::string current_directory();
/// The absolute path of this program.
std::string program_path();

/// Where `start` and `check` look; ends the command where a named place holds no configuration.
node::NodePlace find_place(const PlaceOptions& options);
/// The directory of the default node of the current directory.
std::string local_node_directory();
/// The directory from which a node runs or would run, whether it has a configuration or not.
std::string control_directory(const PlaceOptions& options);

/// `text` as one word of a shell command.
std::string shell_word(const std::string& text);

}  // namespace transom::cli
