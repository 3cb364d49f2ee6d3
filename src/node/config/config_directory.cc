// Finds the node directory as Crossbar does, and says whether anything was named at all.
#include <filesystem>

#include "node/config/config.h"

namespace transom::node {
namespace {

namespace fs = std::filesystem;

std::string absolute_from(const std::string& base, const std::string& path) {
  std::string normal = (fs::path(base) / path).lexically_normal().string();
  if (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  return normal;
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}
bool is_directory(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

/// Empty when the directory has no configuration.
std::string config_in(const std::string& directory) {
  for (const char* name : {"config.yaml", "config.json"}) {
    std::string file = absolute_from(directory, name);
    if (exists(file)) return file;
  }
  return "";
}

struct Directory {
  std::string path;
  std::string named_by;  // empty: nobody named it
};

Directory choose_directory(const NodePlaceRequest& request) {
  const std::string& current = request.current_directory;
  if (request.cbdir) return {absolute_from(current, *request.cbdir), "--cbdir"};
  const auto from_environment = request.environment("CROSSBAR_DIR");
  if (from_environment && !from_environment->empty()) {
    return {absolute_from(current, *from_environment), "$CROSSBAR_DIR"};
  }
  const std::string usual = absolute_from(current, ".crossbar");
  if (exists(usual)) return {usual, ".crossbar"};
  return {absolute_from(current, "."), ""};
}

Result<std::string> named_config(const NodePlaceRequest& request, const std::string& directory) {
  const std::string in_node = absolute_from(directory, *request.config);
  if (exists(in_node)) return in_node;
  const std::string in_current = absolute_from(request.current_directory, *request.config);
  if (exists(in_current)) return in_current;
  return in_node == in_current ? fail("there is no {} (named by --config)", in_node)
                               : fail("there is neither {} nor {} (named by --config)", in_node, in_current);
}

}  // namespace

Result<NodePlace> find_node_directory(const NodePlaceRequest& request) {
  const Directory directory = choose_directory(request);
  if (!directory.named_by.empty() && !is_directory(directory.path)) {
    return fail("{} (named by {}) is no directory; create it with a config.json in it, or name another one",
                directory.path, directory.named_by);
  }
  NodePlace place{directory.path, "", !directory.named_by.empty() || request.config.has_value()};
  if (request.config) {
    auto file = named_config(request, directory.path);
    if (!file) return tl::make_unexpected(file.error());
    place.config_file = std::move(*file);
    return place;
  }
  place.config_file = config_in(directory.path);
  if (!place.config_file.empty()) {
    place.named = true;
  } else if (place.named) {
    return fail("there is neither config.yaml nor config.json in {} (named by {})", directory.path, directory.named_by);
  }
  return place;
}

}  // namespace transom::node
