// Builds a ConfigValue tree from the events of a JSON or YAML reader, and keeps the limits for both.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "node/config/config_value.h"

namespace transom::node {

/// Takes values in the order of the text. A function that answers false has reported a limit: the reader should stop.
class ConfigTreeBuilder {
 public:
  /// `merge_keys`: YAML's `<<` takes over the members of a dict, or of each dict of a list, that are not given.
  ConfigTreeBuilder(std::string file, std::vector<Diagnostic>& diagnostics, bool merge_keys)
      : file_(std::move(file)), diagnostics_(diagnostics), merge_keys_(merge_keys) {}

  /// The key of the value that comes next. A key given twice is an error that names both places; the first one stays.
  void key(Position at, std::string name);
  /// A scalar or a finished tree.
  bool add(ConfigValue value);
  /// An empty list or dict, whose content follows until `close`.
  bool open(ConfigValue empty);
  /// The tree just finished, valid until the next call.
  const ConfigValue& close();

  /// True where a dict waits for a key.
  bool wants_key() const {
    return !open_.empty() && open_.back().value.is(ConfigValue::Kind::dict) && !open_.back().has_key;
  }
  void error(Position at, std::string message, std::string hint = "");
  ConfigValue take_root() { return std::move(root_); }

 private:
  struct Level {
    ConfigValue value;
    std::map<std::string, Position, std::less<>> seen;
    std::vector<ConfigValue> merged;
    std::string key;
    Position key_at;
    bool has_key = false, skip = false;
  };
  const ConfigValue& put(ConfigValue value);
  const ConfigValue& put_member(Level& level, ConfigValue value);
  bool within_limits(const ConfigValue& value);
  static void merge(Level& level);

  std::string file_;
  std::vector<Diagnostic>& diagnostics_;
  bool merge_keys_;
  std::vector<Level> open_;
  ConfigValue root_, dropped_;
  std::size_t count_ = 0;
};

}  // namespace transom::node
