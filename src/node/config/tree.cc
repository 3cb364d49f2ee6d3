#include "node/config/tree.h"

#include <fmt/format.h>

#include <algorithm>

#include "wire/utf8.h"

namespace transom::node {
namespace {

std::size_t depth_of(const ConfigValue& value) {
  std::size_t depth = 0;
  for (const ConfigValue& item : value.items) depth = std::max(depth, depth_of(item));
  for (const ConfigMember& member : value.members) depth = std::max(depth, depth_of(member.value));
  return depth + 1;
}

}  // namespace

std::size_t count_values(const ConfigValue& value) {
  std::size_t count = 1;
  for (const ConfigValue& item : value.items) count += count_values(item);
  for (const ConfigMember& member : value.members) count += count_values(member.value);
  return count;
}

const ConfigValue* ConfigValue::find(std::string_view key) const {
  for (const ConfigMember& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

std::string_view kind_name(ConfigValue::Kind kind) {
  switch (kind) {
    case ConfigValue::Kind::null:
      return "null";
    case ConfigValue::Kind::boolean:
      return "a boolean";
    case ConfigValue::Kind::integer:
      return "an integer";
    case ConfigValue::Kind::number:
      return "a number with fraction or exponent, or beyond 64 bits";
    case ConfigValue::Kind::string:
      return "a string";
    case ConfigValue::Kind::list:
      return "a list";
    case ConfigValue::Kind::dict:
      return "a dictionary";
  }
  return "null";
}

nlohmann::json to_json(const ConfigValue& value) {
  switch (value.kind) {
    case ConfigValue::Kind::null:
      return nullptr;
    case ConfigValue::Kind::boolean:
      return value.boolean;
    case ConfigValue::Kind::integer:
      return value.integer;
    case ConfigValue::Kind::number:
      return value.number;
    case ConfigValue::Kind::string:
      return value.text;
    case ConfigValue::Kind::list: {
      nlohmann::json list = nlohmann::json::array();
      for (const ConfigValue& item : value.items) list.push_back(to_json(item));
      return list;
    }
    case ConfigValue::Kind::dict: {
      nlohmann::json dict = nlohmann::json::object();
      for (const ConfigMember& member : value.members) dict[member.key] = to_json(member.value);
      return dict;
    }
  }
  return nullptr;
}

ConfigValue parse_config(std::string_view text, ConfigFormat format, const std::string& file,
                         std::vector<Diagnostic>& diagnostics) {
  const auto refuse = [&](std::string message) {
    Diagnostic diagnostic;
    diagnostic.file = file;
    diagnostic.message = std::move(message);
    diagnostics.push_back(std::move(diagnostic));
    return ConfigValue{};
  };
  if (text.size() > kMaxConfigSize) {
    return refuse(fmt::format("the file is larger than {} octets, the limit", kMaxConfigSize));
  }
  if (!wire::is_utf8(as_bytes(text))) return refuse("the file is no valid UTF-8; save it in that encoding");
  return format == ConfigFormat::json ? parse_json_config(text, file, diagnostics)
                                      : parse_yaml_config(text, file, diagnostics);
}

void ConfigTreeBuilder::error(Position at, std::string message, std::string hint) {
  Diagnostic diagnostic;
  diagnostic.file = file_;
  diagnostic.line = at.line;
  diagnostic.column = at.column;
  diagnostic.message = std::move(message);
  diagnostic.hint = std::move(hint);
  diagnostics_.push_back(std::move(diagnostic));
}

void ConfigTreeBuilder::key(Position at, std::string name) {
  Level& level = open_.back();
  level.has_key = true;
  level.skip = false;
  level.key_at = at;
  if (const auto first = level.seen.find(name); first != level.seen.end()) {
    level.skip = true;
    error(at, fmt::format("key \"{}\" is given twice, first in line {} column {}", name, first->second.line,
                          first->second.column));
  } else {
    level.seen.emplace(name, at);
  }
  level.key = std::move(name);
}

bool ConfigTreeBuilder::within_limits(const ConfigValue& value) {
  count_ += count_values(value);
  if (count_ > kMaxConfigValues) {
    error(value.at, fmt::format("more than {} values", kMaxConfigValues));
    return false;
  }
  if (open_.size() + depth_of(value) > kMaxConfigDepth) {
    error(value.at, fmt::format("nested more than {} levels deep", kMaxConfigDepth));
    return false;
  }
  return true;
}

bool ConfigTreeBuilder::add(ConfigValue value) {
  if (!within_limits(value)) return false;
  put(std::move(value));
  return true;
}

bool ConfigTreeBuilder::open(ConfigValue empty) {
  if (!within_limits(empty)) return false;
  open_.emplace_back().value = std::move(empty);
  return true;
}

const ConfigValue& ConfigTreeBuilder::close() {
  Level level = std::move(open_.back());
  open_.pop_back();
  merge(level);
  return put(std::move(level.value));
}

const ConfigValue& ConfigTreeBuilder::put(ConfigValue value) {
  if (open_.empty()) return root_ = std::move(value);
  Level& level = open_.back();
  if (level.value.is(ConfigValue::Kind::dict)) return put_member(level, std::move(value));
  return level.value.items.emplace_back(std::move(value));
}

const ConfigValue& ConfigTreeBuilder::put_member(Level& level, ConfigValue value) {
  level.has_key = false;
  if (level.skip) return dropped_ = std::move(value);
  const bool mergeable = value.is(ConfigValue::Kind::dict) || value.is(ConfigValue::Kind::list);
  if (merge_keys_ && level.key == "<<" && mergeable) return level.merged.emplace_back(std::move(value));
  level.value.members.push_back({std::move(level.key), level.key_at, std::move(value)});
  return level.value.members.back().value;
}

void ConfigTreeBuilder::merge(Level& level) {
  const auto take_over = [&level](ConfigValue& from) {
    for (ConfigMember& member : from.members) {
      if (level.seen.emplace(member.key, member.at).second) level.value.members.push_back(std::move(member));
    }
  };
  for (ConfigValue& merged : level.merged) {
    take_over(merged);
    for (ConfigValue& item : merged.items) take_over(item);
  }
}

}  // namespace transom::node
