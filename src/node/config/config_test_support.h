// Configuration texts with a marked place, for tests that judge positions.
#pragma once
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "node/config/config.h"

namespace transom::node::test {

/// The node directory of texts that come from no file.
inline constexpr const char* kDirectory = "/srv/node";

/// A text whose first `^` is taken out; its line and column are where it stood.
struct MarkedText {
  explicit MarkedText(std::string marked) : text(std::move(marked)) {
    const auto mark = text.find('^');
    if (mark == std::string::npos) return;
    text.erase(mark, 1);
    at = {1, 1};
    for (std::size_t i = 0; i < mark; ++i) {
      if (text[i] == '\n') ++at.line, at.column = 0;
      ++at.column;
    }
  }
  std::string text;
  Position at;
};

inline LoadOptions options_without_files(std::map<std::string, std::string> environment = {}) {
  LoadOptions options;
  options.node_directory = kDirectory;
  options.check_files = false;
  options.environment = [environment = std::move(environment)](const std::string& name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  };
  return options;
}

inline LoadedConfig load_json(const std::string& text, std::map<std::string, std::string> environment = {}) {
  return parse_node_config(text, ConfigFormat::json, "/srv/node/config.json", options_without_files(environment));
}
inline LoadedConfig load_yaml(const std::string& text) {
  return parse_node_config(text, ConfigFormat::yaml, "/srv/node/config.yaml", options_without_files());
}

// Surroundings for a part of a configuration.
inline std::string in_worker(const std::string& part) {
  return "{\"version\": 2,\n \"workers\": [{\"type\": \"router\",\n  " + part + "}]}";
}
inline std::string in_realm(const std::string& part) {
  return in_worker("\"realms\": [{\"name\": \"realm1\",\n   " + part + "}]");
}
inline std::string in_transports(const std::string& part) {
  return in_worker(
      "\"realms\": [{\"name\": \"realm1\", \"roles\": [{\"name\": \"anonymous\"}]}],\n  \"transports\": [" + part +
      "]");
}
inline std::string in_websocket(const std::string& part) {
  return in_transports("{\"type\": \"websocket\", \"endpoint\": {\"type\": \"tcp\", \"port\": 8080},\n   " + part +
                       "}");
}
inline std::string in_options(const std::string& part) {
  return in_websocket("\"options\": {\"allowed_origins\": [\"*\"],\n    " + part + "}");
}
inline std::string in_endpoint(const std::string& part) {
  return in_transports("{\"type\": \"websocket\", \"options\": {\"allowed_origins\": [\"*\"]},\n   \"endpoint\": {" +
                       part + "}}");
}
inline std::string in_paths(const std::string& part) {
  return in_transports(
      "{\"type\": \"web\", \"endpoint\": {\"type\": \"tcp\", \"port\": 8080},\n   \"paths\": {\"/\": {\"type\": "
      "\"nodeinfo\"},\n    " +
      part + "}}");
}
inline std::string in_auth(const std::string& part) {
  return in_websocket("\"options\": {\"allowed_origins\": [\"*\"]}, \"auth\": {" + part + "}");
}

/// True when `loaded` has a finding with all of this.
inline ::testing::AssertionResult has(const LoadedConfig& loaded, Diagnostic::Severity severity, Position at,
                                      const std::string& path, const std::string& fragment) {
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    const bool here = diagnostic.line == at.line && diagnostic.column == at.column && diagnostic.path == path;
    const bool says = to_string(diagnostic).find(fragment) != std::string::npos;
    if (here && says && diagnostic.severity == severity) return ::testing::AssertionSuccess();
  }
  return ::testing::AssertionFailure() << "no finding at " << at.line << ":" << at.column << " " << path << " \""
                                       << fragment << "\" among:\n"
                                       << describe(loaded);
}

}  // namespace transom::node::test
