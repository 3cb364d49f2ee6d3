#include "node/config/schema.h"

#include <cctype>
#include <filesystem>

#include "node/config/schema_fields.h"

namespace transom::node {
namespace {

constexpr std::size_t kMaxDiagnostics = 500;

/// Names as they stand in a path: plain words behind a dot, others quoted in brackets.
std::string path_step(std::string_view key, bool first) {
  const bool plain = !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '$';
  });
  if (!plain)
    return fmt::format("[{}]", nlohmann::json(key).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
  return first ? std::string(key) : fmt::format(".{}", key);
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  std::string shown(text.substr(0, kLongest));
  if (text.size() > kLongest) shown += "...";
  return nlohmann::json(shown).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<std::string> all_quoted(std::vector<std::string> names) {
  for (std::string& name : names) name = in_quotes(name);
  return names;
}

}  // namespace

// -- SchemaReader ---------------------------------------------------------------------------------------------------

SchemaReader::Step::Step(SchemaReader& reader, std::string_view key) : reader_(reader), length_(reader.path_.size()) {
  reader_.path_ += path_step(key, reader_.path_.empty());
}
SchemaReader::Step::Step(SchemaReader& reader, std::size_t index) : reader_(reader), length_(reader.path_.size()) {
  reader_.path_ += fmt::format("[{}]", index);
}

void SchemaReader::report(Diagnostic::Severity severity, const Place& place, std::string message, Advice advice) {
  if (diagnostics_.size() >= kMaxDiagnostics) return;
  diagnostics_.push_back({severity, file_, place.at.line, place.at.column, place.path, std::move(message),
                          std::move(advice.allowed), std::move(advice.suggestion), std::move(advice.hint)});
}
void SchemaReader::error(Position at, std::string message, Advice advice) {
  report(Diagnostic::Severity::error, here(at), std::move(message), std::move(advice));
}
void SchemaReader::warning(Position at, std::string message, Advice advice) {
  report(Diagnostic::Severity::warning, here(at), std::move(message), std::move(advice));
}
void SchemaReader::unsupported(Position at, std::string message, std::string hint) {
  report(Diagnostic::Severity::unsupported, here(at), std::move(message), {"", std::move(hint), ""});
}

void SchemaReader::absent_convenience(Position at, const std::string& feature, std::string message) {
  const auto [known, is_new] = absent_.try_emplace(feature, AbsentFeature{diagnostics_.size(), 1, message});
  if (is_new) return warning(at, std::move(message));
  AbsentFeature& absent = known->second;
  ++absent.count;
  if (absent.diagnostic >= diagnostics_.size()) return;
  diagnostics_[absent.diagnostic].message = fmt::format("{} (in {} places)", absent.message, absent.count);
}

bool SchemaReader::expect(const ConfigValue& value, ConfigValue::Kind kind) {
  if (value.is(kind)) return true;
  std::string hint;
  if (kind == ConfigValue::Kind::list && value.is(ConfigValue::Kind::string)) hint = "write it in square brackets";
  error(value.at, fmt::format("needs {}, not {}", kind_name(kind), kind_name(value.kind)), {"", hint, ""});
  return false;
}

std::optional<bool> SchemaReader::boolean(const ConfigValue& value) {
  if (value.is(ConfigValue::Kind::boolean)) return value.boolean;
  if (value.is(ConfigValue::Kind::string) && value.plain) {
    for (const char* yes : {"yes", "Yes", "YES", "on", "On", "ON"}) {
      if (value.text == yes) return true;
    }
    for (const char* no : {"no", "No", "NO", "off", "Off", "OFF"}) {
      if (value.text == no) return false;
    }
  }
  error(value.at, fmt::format("needs true or false, not {}", kind_name(value.kind)));
  return std::nullopt;
}

std::optional<std::int64_t> SchemaReader::integer(const ConfigValue& value, std::int64_t min, std::int64_t max) {
  const std::string range = max == std::numeric_limits<std::int64_t>::max() ? fmt::format("{} or more", min)
                                                                            : fmt::format("{} to {}", min, max);
  if (!value.is(ConfigValue::Kind::integer)) {
    error(value.at, fmt::format("needs an integer, not {}", kind_name(value.kind)), {range, "", ""});
    return std::nullopt;
  }
  if (value.integer >= min && value.integer <= max) return value.integer;
  error(value.at, fmt::format("{} is out of range", value.integer), {range, "", ""});
  return std::nullopt;
}

std::optional<std::string> SchemaReader::string(const ConfigValue& value) {
  if (!expect(value, ConfigValue::Kind::string)) return std::nullopt;
  if (value.text.find('\0') == std::string::npos) return value.text;
  error(value.at, "holds a NUL character");
  return std::nullopt;
}

std::optional<std::size_t> SchemaReader::choice(const ConfigValue& value, const std::vector<std::string>& names) {
  const auto word = string(value);
  if (!word) return std::nullopt;
  const auto found = std::find(names.begin(), names.end(), *word);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  error(value.at, fmt::format("unknown value {}", in_quotes(*word)),
        {join_names(all_quoted(names)), "", nearest_name(*word, names)});
  return std::nullopt;
}

std::vector<std::string> SchemaReader::strings(const ConfigValue& value) {
  std::vector<std::string> result;
  if (!expect(value, ConfigValue::Kind::list)) return result;
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    Step step(*this, i);
    if (auto item = string(value.items[i])) result.push_back(std::move(*item));
  }
  return result;
}

std::optional<std::string> SchemaReader::path(const ConfigValue& value) {
  const auto given = string(value);
  if (!given) return std::nullopt;
  if (!given->empty()) return resolve(*given);
  error(value.at, "an empty path");
  return std::nullopt;
}

std::string SchemaReader::resolve(const std::string& path) const {
  std::string normal = (std::filesystem::path(node_directory_) / path).lexically_normal().string();
  if (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  return normal;
}

void SchemaReader::protect_files_named_in(const ConfigValue& value) {
  for (const ConfigValue& item : value.items) protect_files_named_in(item);
  for (const ConfigMember& member : value.members) {
    if (member.key == "tls" || member.key == "store" || member.key == "endpoint") protect_strings_in(member.value);
    protect_files_named_in(member.value);
  }
}

void SchemaReader::protect_strings_in(const ConfigValue& value) {
  if (value.is(ConfigValue::Kind::string) && !value.text.empty()) facts.protected_files.push_back(resolve(value.text));
  for (const ConfigValue& item : value.items) protect_strings_in(item);
  for (const ConfigMember& member : value.members) {
    if (member.key != "type" && member.key != "ciphers") protect_strings_in(member.value);
  }
}

bool SchemaReader::read_table(const ConfigValue& dict, const TableBase& table, void* target) {
  if (!expect(dict, ConfigValue::Kind::dict)) return false;
  for (const ConfigMember& member : dict.members) read_member(member, table, target);
  for (const FieldBase& field : table.fields()) {
    if (!field.required || dict.find(field.name)) continue;
    error(dict.at, fmt::format("{} without \"{}\"", table.name(), field.name), {"", "add it: " + field.meaning, ""});
  }
  table.finish(*this, dict, target);
  return true;
}

void SchemaReader::read_member(const ConfigMember& member, const TableBase& table, void* target) {
  Step step(*this, member.key);
  if (const FieldBase* field = table.find(member.key)) return field->set(*this, member.value, target);
  const std::vector<std::string> names = table.names();
  error(member.at, fmt::format("unknown key {} in {}", in_quotes(member.key), table.name()),
        {names.empty() ? "nothing" : join_names(names, ", "), "", nearest_name(member.key, names)});
}

std::optional<std::size_t> SchemaReader::variant_index(const ConfigValue& dict, const std::string& key,
                                                       const std::string& preset,
                                                       const std::vector<std::string>& names) {
  if (!expect(dict, ConfigValue::Kind::dict)) return std::nullopt;
  if (const ConfigValue* value = dict.find(key)) {
    Step step(*this, key);
    return choice(*value, names);
  }
  const auto standard = std::find(names.begin(), names.end(), preset);
  if (standard != names.end()) return static_cast<std::size_t>(standard - names.begin());
  error(dict.at, fmt::format("\"{}\" is missing", key), {join_names(all_quoted(names)), "", ""});
  return std::nullopt;
}

// -- tables ---------------------------------------------------------------------------------------------------------

const FieldBase* TableBase::find(std::string_view name) const {
  for (const FieldBase& field : fields_) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

std::vector<std::string> TableBase::names() const {
  std::vector<std::string> result;
  for (const FieldBase& field : fields_) result.push_back(field.name);
  return result;
}

namespace {
nlohmann::json describe_field(const FieldBase& field, std::vector<std::string>& seen) {
  static constexpr const char* kSupport[] = {"built", "accepted", "convenience", "restricting"};
  nlohmann::json row = {{"name", field.name},
                        {"type", field.type},
                        {"meaning", field.meaning},
                        {"required", field.required},
                        {"support", kSupport[static_cast<int>(field.support)]},
                        {"takes", field.takes == Takes::reload ? "reload" : "restart"}};
  if (!field.default_value.is_null()) row["default"] = field.default_value;
  if (field.min) row["min"] = *field.min;
  if (field.max && *field.max != std::numeric_limits<std::int64_t>::max()) row["max"] = *field.max;
  if (!field.allowed.empty()) row["allowed"] = field.allowed;
  if (field.nested) row["nested"] = field.nested(seen);
  return row;
}
}  // namespace

nlohmann::json describe_table(const TableBase& table, std::vector<std::string>& seen) {
  nlohmann::json result = {{"name", table.name()}};
  if (std::find(seen.begin(), seen.end(), table.name()) != seen.end()) return result;
  seen.push_back(table.name());
  result["fields"] = nlohmann::json::array();
  for (const FieldBase& field : table.fields()) result["fields"].push_back(describe_field(field, seen));
  return result;
}

// -- helpers of the rows --------------------------------------------------------------------------------------------

bool is_unused(const ConfigValue& value) {
  switch (value.kind) {
    case ConfigValue::Kind::null:
      return true;
    case ConfigValue::Kind::boolean:
      return !value.boolean;
    case ConfigValue::Kind::string:
      return value.text.empty();
    case ConfigValue::Kind::list:
      return value.items.empty();
    case ConfigValue::Kind::dict:
      return value.members.empty();
    default:
      return false;
  }
}

bool is_valid_id(std::string_view id) {
  if (id.size() < 3 || id.size() > 64 || id[0] < 'a' || id[0] > 'z') return false;
  return std::all_of(id.begin(), id.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

void report_bad_id(SchemaReader& reader, const ConfigValue& value) {
  reader.error(value.at, fmt::format("{} is no valid id", in_quotes(value.text)),
               {"3 to 64 of a-z, 0-9 and _, beginning with a letter", "", ""});
}

void check_differ(SchemaReader& reader, const ConfigValue& dict, std::string_view list_name, std::string_view key,
                  std::string_view what) {
  const ConfigValue* list = dict.find(list_name);
  if (list == nullptr) return;
  std::map<std::string, Position> seen;
  SchemaReader::Step in_list(reader, list_name);
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const ConfigValue* name = list->items[i].find(key);
    if (name == nullptr || !name->is(ConfigValue::Kind::string)) continue;
    const auto [first, is_new] = seen.emplace(name->text, name->at);
    if (is_new) continue;
    SchemaReader::Step item(reader, i);
    SchemaReader::Step in_item(reader, key);
    reader.error(name->at, fmt::format("{} {} is given twice, first in line {} column {}", what, in_quotes(name->text),
                                       first->second.line, first->second.column));
  }
}

}  // namespace transom::node
