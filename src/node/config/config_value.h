// A configuration file as one tree in which every value knows where it stands, whatever the file's format.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "node/config/diagnostic.h"

namespace transom::node {

struct ConfigMember;

/// One value. Only the field of its kind means something.
struct ConfigValue {
  enum class Kind : std::uint8_t { null, boolean, integer, number, string, list, dict };
  Kind kind = Kind::null;
  bool plain = false;  // a YAML scalar without quotes: "yes" may then stand for true
  bool boolean = false;
  Position at;
  std::int64_t integer = 0;
  double number = 0;  // also integers beyond 64 bits
  std::string text;
  std::vector<ConfigValue> items;
  std::vector<ConfigMember> members;  // in the order of the file, each key once

  bool is(Kind wanted) const { return kind == wanted; }
  /// The member of a dict; null when there is none, or this is no dict.
  const ConfigValue* find(std::string_view key) const;
};

struct ConfigMember {
  std::string key;
  Position at;  // of the key
  ConfigValue value;
};

/// "an integer", "a list" and so on.
std::string_view kind_name(ConfigValue::Kind kind);

/// How many values a tree holds, itself included.
std::size_t count_values(const ConfigValue& value);

/// The value without its positions.
nlohmann::json to_json(const ConfigValue& value);

enum class ConfigFormat { json, yaml };

/// Limits of a configuration text; a real one is some hundred lines.
inline constexpr std::size_t kMaxConfigSize = 4 * 1024 * 1024;
inline constexpr std::size_t kMaxConfigValues = 200'000;
inline constexpr std::size_t kMaxConfigDepth = 64;

/// Reads `text` as JSON or YAML. Syntax errors and keys given twice are appended to `diagnostics` (without the path in
/// the tree); the result is what was understood, a null value at worst.
ConfigValue parse_config(std::string_view text, ConfigFormat format, const std::string& file,
                         std::vector<Diagnostic>& diagnostics);

/// The same for one format, `text` being within kMaxConfigSize.
ConfigValue parse_json_config(std::string_view text, const std::string& file, std::vector<Diagnostic>& diagnostics);
ConfigValue parse_yaml_config(std::string_view text, const std::string& file, std::vector<Diagnostic>& diagnostics);

}  // namespace transom::node
