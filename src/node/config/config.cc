#include "node/config/config.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/read_file.h"
#include "node/config/schema_tables.h"
#include "node/privileges.h"

namespace transom::node {
namespace {

std::string absolute_path(const std::string& path) {
  std::error_code problem;
  const std::filesystem::path absolute = std::filesystem::absolute(path, problem);
  return problem ? path : absolute.lexically_normal().string();
}

ConfigFormat format_of(const std::string& file) {
  const std::string extension = std::filesystem::path(file).extension().string();
  return extension == ".yaml" || extension == ".yml" ? ConfigFormat::yaml : ConfigFormat::json;
}

void finish(LoadedConfig& loaded) {
  const auto in_order = [](const Diagnostic& a, const Diagnostic& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  };
  std::stable_sort(loaded.diagnostics.begin(), loaded.diagnostics.end(), in_order);
  auto& workers = loaded.config.workers;
  workers.erase(
      std::remove_if(workers.begin(), workers.end(), [](const WorkerConfig& worker) { return worker.disabled; }),
      workers.end());
  auto& files = loaded.config.protected_files;
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
}

/// Keys that belong to the user whom the node will change to are as good as its own.
void accept_key_owner(const std::string& user, SchemaReader& reader, LoadedConfig& loaded) {
  if (user.empty()) return;
  const auto run_as = find_run_as(user);
  if (!run_as) return;  // said elsewhere
  for (TlsUse& use : reader.facts.tls) use.config.key_owner = run_as->uid;
  for (WorkerConfig& worker : loaded.config.workers) {
    for (serve::TransportConfig& transport : worker.transports) {
      if (transport.endpoint.tls) transport.endpoint.tls->key_owner = run_as->uid;
    }
  }
}

/// The node may be meant for another machine than the one where it is checked.
void check_user(SchemaReader& reader, const std::string& user, bool starting) {
  if (!reader.facts.user) return;
  const auto found = find_run_as(user);
  if (found) return;
  if (starting) return reader.report(Diagnostic::Severity::error, *reader.facts.user, found.error().message);
  reader.report(Diagnostic::Severity::warning, *reader.facts.user, found.error().message,
                {"", "`transom start` refuses this where it is so", ""});
}

}  // namespace

std::size_t LoadedConfig::count(Diagnostic::Severity severity) const {
  return static_cast<std::size_t>(
      std::count_if(diagnostics.begin(), diagnostics.end(),
                    [severity](const Diagnostic& diagnostic) { return diagnostic.severity == severity; }));
}

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

LoadedConfig parse_node_config(std::string_view text, ConfigFormat format, const std::string& file,
                               const LoadOptions& options) {
  LoadedConfig loaded;
  loaded.config.config_file = absolute_path(file);
  loaded.config.node_directory = options.node_directory.empty()
                                     ? std::filesystem::path(loaded.config.config_file).parent_path().string()
                                     : absolute_path(options.node_directory);
  const ConfigValue root = parse_config(text, format, file, loaded.diagnostics);
  const bool empty = root.is(ConfigValue::Kind::null);
  if (!empty || loaded.ok()) {
    SchemaReader reader(file, loaded.config.node_directory, options.environment, loaded.diagnostics);
    reader.read(root, node_table(), loaded.config);
    check_endpoints(reader);
    check_acme(reader);
    if (options.starting) accept_key_owner(options.user.empty() ? loaded.config.user : options.user, reader, loaded);
    if (options.check_files && options.user.empty()) check_user(reader, loaded.config.user, options.starting);
    if (options.check_files) check_files(reader, options.starting);
    loaded.config.protected_files = std::move(reader.facts.protected_files);
    loaded.config.told_warnings = std::move(reader.facts.tls_warnings);
  }
  loaded.config.protected_files.push_back(loaded.config.config_file);
  finish(loaded);
  return loaded;
}

LoadedConfig load_config(const std::string& file, const LoadOptions& options) {
  const auto text = read_file(file, kMaxConfigSize);
  if (text) return parse_node_config(*text, format_of(file), file, options);
  LoadedConfig loaded;
  Diagnostic diagnostic;
  diagnostic.file = file;
  diagnostic.message = fmt::format("cannot {} the file: {}", text.error().verb, text.error().reason);
  loaded.diagnostics.push_back(std::move(diagnostic));
  return loaded;
}

std::string describe(const LoadedConfig& loaded) {
  std::string text;
  for (const Diagnostic& diagnostic : loaded.diagnostics) text += to_string(diagnostic) + "\n";
  if (loaded.ok() && !loaded.startable()) {
    text += "The configuration is valid, not yet supported: this version refuses to start with it.\n";
  }
  return text;
}

nlohmann::json describe_config_schema() {
  std::vector<std::string> seen;
  return describe_table(node_table(), seen);
}

}  // namespace transom::node
