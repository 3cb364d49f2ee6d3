// The configuration of a node: read from Crossbar's config.json or config.yaml, checked as a whole.
#pragma once
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "node/config/config_value.h"
#include "node/config/diagnostic.h"
#include "router/realm_config.h"
#include "serve/transport_config.h"

namespace transom::node {

/// A router worker: its realms are its own, so that a realm is named by (worker, name).
struct WorkerConfig {
  std::string id;  // "worker001" when the file gives none
  std::vector<router::RealmConfig> realms;
  std::vector<serve::TransportConfig> transports;
  bool disabled = false;  // such workers are checked but not in NodeConfig
};

struct NodeConfig {
  std::string node_directory;  // absolute; relative paths of the file start here
  std::string config_file;     // absolute
  std::string title, id;       // of `controller`
  std::string user;            // of `controller`: NAME or NAME:GROUP to become after everything is open; empty: stay
  std::vector<WorkerConfig> workers;
  /// Every file named as key, certificate, cookie store or socket, and the configuration itself; absolute. Static
  /// services never serve them.
  std::vector<std::string> protected_files;
  /// What the check has warned of keys and certificates; whoever loads these again need not repeat it.
  std::vector<std::string> told_warnings;
};

struct LoadedConfig {
  NodeConfig config;
  std::vector<Diagnostic> diagnostics;  // in the order of the file

  /// The configuration is valid.
  bool ok() const { return count(Diagnostic::Severity::error) == 0; }
  /// It is valid and this version can honour all of it: only then may a node start.
  bool startable() const { return ok() && count(Diagnostic::Severity::unsupported) == 0; }
  std::size_t count(Diagnostic::Severity severity) const;
};

using EnvironmentGetter = std::function<std::optional<std::string>(const std::string& name)>;
/// The variables of this process.
std::optional<std::string> process_environment(const std::string& name);

struct LoadOptions {
  std::string node_directory;  // empty: the directory of the file
  EnvironmentGetter environment = process_environment;
  bool check_files = true;  // keys, certificates and directories are looked at
  /// A node is about to start with it: keys that others can read are errors, of which `check` only warns.
  bool starting = false;
  std::string user;  // `start --user`: goes before the configuration's own; a user to change to may own the keys
};

/// Reads and checks a file; its format follows the extension (`.yaml` and `.yml` are YAML, all else is JSON). A file
/// that cannot be read is an error among the diagnostics.
LoadedConfig load_config(const std::string& file, const LoadOptions& options = {});
/// The same for a text that was read from `file`.
LoadedConfig parse_node_config(std::string_view text, ConfigFormat format, const std::string& file,
                               const LoadOptions& options = {});

/// All findings, one a line, and for a valid but unsupported configuration a last line that says so. Empty when there
/// is nothing to say.
std::string describe(const LoadedConfig& loaded);

/// The schema in machine readable form: the tables with their keys, nested where they are used first.
nlohmann::json describe_config_schema();

// -- where a node's directory is ------------------------------------------------------------------------------------

struct NodePlace {
  std::string directory;    // absolute
  std::string config_file;  // absolute; empty: nothing was named and nothing found, the default node may start
  bool named = false;
};
struct NodePlaceRequest {
  std::optional<std::string> cbdir;   // --cbdir
  std::optional<std::string> config;  // --config, relative to the node directory or else to the current one
  std::string current_directory;      // absolute
  EnvironmentGetter environment = process_environment;
};
/// --cbdir, else $CROSSBAR_DIR, else ./.crossbar, else "."; in it config.yaml, else config.json. A place that was named
/// and has no configuration is a failure, so that a slip of the pen never opens a default node.
Result<NodePlace> find_node_directory(const NodePlaceRequest& request);

}  // namespace transom::node
