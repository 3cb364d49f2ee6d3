#include "cli/places.h"

#include <unistd.h>

#include <filesystem>

#include "cli/cli_error.h"
#include "tls/pem_file.h"

namespace transom::cli {

namespace fs = std::filesystem;

void PlaceOptions::declare(Arguments& arguments, bool with_config) {
  arguments.text("--cbdir", cbdir, "DIR", "The node directory (default: $CROSSBAR_DIR, else ./.crossbar, else .)");
  if (with_config) {
    arguments.text("--config", config, "FILE", "The configuration (default: config.yaml or config.json of the node)");
  }
}

std::string current_directory() {
  std::error_code error;
  const fs::path path = fs::current_path(error);
  if (error) give_up("cannot tell the current directory: {}; change into one that exists", error.message());
  return path.string();
}

std::string program_path() {
  std::error_code error;
  const fs::path path = fs::read_symlink("/proc/self/exe", error);
  return error ? "transom" : path.string();
}

node::NodePlace find_place(const PlaceOptions& options) {
  node::NodePlaceRequest request;
  request.cbdir = options.cbdir;
  request.config = options.config;
  request.current_directory = current_directory();
  return value_or_give_up(node::find_node_directory(request));
}

std::string local_node_directory() { return (fs::path(current_directory()) / ".transom").string(); }

std::string control_directory(const PlaceOptions& options) {
  const fs::path current = current_directory();
  const auto absolute = [&](const std::string& path) {
    std::string normal = (current / path).lexically_normal().string();
    if (normal.size() > 1 && normal.back() == '/') normal.pop_back();
    return normal;
  };
  if (options.cbdir) return absolute(*options.cbdir);
  const auto named = node::process_environment("CROSSBAR_DIR");
  if (named && !named->empty()) return absolute(*named);
  std::error_code ignored;
  if (fs::exists(current / ".crossbar", ignored)) return absolute(".crossbar");
  const node::NodePlace place = find_place({});
  return place.config_file.empty() ? local_node_directory() : place.directory;
}

std::string shell_word(const std::string& text) { return tls::shell_word(text); }

}  // namespace transom::cli
