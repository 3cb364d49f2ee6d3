// What reads a positioned tree: knows the path it has come, reports every finding, and collects what only the whole
// configuration can judge.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/config/config.h"
#include "node/config/config_value.h"
#include "serve/transport_config.h"
#include "tls/tls_config.h"

namespace transom::node {

class TableBase;
template <class T>
class Table;
template <class T>
class Variants;

/// A place in the file with the path that leads there.
struct Place {
  Position at;
  std::string path;
};

/// Further parts of a message, see Diagnostic.
struct Advice {
  std::string allowed, hint, suggestion;
};

/// What is judged when a worker, or everything, is read (schema_check.cc).
struct RoleReference {
  Place place;
  std::string realm;  // empty: any realm of the worker
  std::string role;
  bool implied = false;  // nobody wrote it: the role of a transport without `auth`
};
struct EndpointUse {
  Place place;
  serve::EndpointConfig endpoint;
};
struct FileUse {
  Place place;
  std::string path;
  enum class Need { file, directory } need = Need::file;
};
struct TlsUse {
  Place place;
  tls::ServerConfig config;
  std::vector<std::pair<std::string, Place>> keys;  // the names in the dictionary, and where their values stand
};
struct AcmeUse {
  Place place;
  serve::EndpointConfig endpoint;
};
struct CollectedFacts {
  std::vector<RoleReference> roles;        // of the worker being read
  std::vector<Place> client_certificates;  // of the transport being read: where they are needed
  std::vector<EndpointUse> endpoints;
  std::vector<FileUse> files;
  std::vector<TlsUse> tls;
  std::vector<AcmeUse> acme;
  std::optional<Place> user;              // of `controller`
  std::vector<std::string> tls_warnings;  // as reported
  std::vector<Place> redirects;           // transports that redirect to TLS
  std::vector<std::string> protected_files;
};

class SchemaReader {
 public:
  SchemaReader(std::string file, std::string node_directory, EnvironmentGetter environment,
               std::vector<Diagnostic>& diagnostics)
      : file_(std::move(file)),
        node_directory_(std::move(node_directory)),
        environment_(std::move(environment)),
        diagnostics_(diagnostics) {}

  /// While it lives the path is one step longer.
  class Step {
   public:
    Step(SchemaReader& reader, std::string_view key);
    Step(SchemaReader& reader, std::size_t index);
    ~Step() { reader_.path_.resize(length_); }
    Step(const Step&) = delete;

   private:
    SchemaReader& reader_;
    std::size_t length_;
  };

  void error(Position at, std::string message, Advice advice = {});
  void warning(Position at, std::string message, Advice advice = {});
  /// Valid, but `start` must refuse it: it restricts access or runs something.
  void unsupported(Position at, std::string message, std::string hint);
  /// A convenience that is not built: one warning for each feature, however often it is used.
  void absent_convenience(Position at, const std::string& feature, std::string message);
  void report(Diagnostic::Severity severity, const Place& place, std::string message, Advice advice = {});
  Place here(Position at) const { return {at, path_}; }

  /// Each reports a wrong type and answers nothing.
  std::optional<bool> boolean(const ConfigValue& value);
  std::optional<std::int64_t> integer(const ConfigValue& value, std::int64_t min, std::int64_t max);
  std::optional<std::string> string(const ConfigValue& value);
  bool expect(const ConfigValue& value, ConfigValue::Kind kind);
  /// One of `names`; the answer is its index.
  std::optional<std::size_t> choice(const ConfigValue& value, const std::vector<std::string>& names);
  /// A list of strings; wrong items are reported and left out.
  std::vector<std::string> strings(const ConfigValue& value);

  /// A path of the file system: relative ones start at the node directory.
  std::optional<std::string> path(const ConfigValue& value);
  std::string resolve(const std::string& path) const;
  std::optional<std::string> environment(const std::string& name) const { return environment_(name); }

  /// Keys, certificates, sockets and cookie stores named anywhere below, for what is not read by its own tables.
  void protect_files_named_in(const ConfigValue& value);

  template <class T>
  bool read(const ConfigValue& dict, const Table<T>& table, T& target) {
    return read_table(dict, table, &target);
  }
  /// True when the variant is built and `target` holds it (as far as it was right).
  template <class T>
  bool read(const ConfigValue& dict, const Variants<T>& variants, T& target);

  CollectedFacts facts;

 private:
  friend class TableBase;
  void protect_strings_in(const ConfigValue& value);
  bool read_table(const ConfigValue& dict, const TableBase& table, void* target);
  void read_member(const ConfigMember& member, const TableBase& table, void* target);
  std::optional<std::size_t> variant_index(const ConfigValue& dict, const std::string& key, const std::string& preset,
                                           const std::vector<std::string>& names);

  std::string file_, node_directory_, path_;
  EnvironmentGetter environment_;
  std::vector<Diagnostic>& diagnostics_;
  struct AbsentFeature {
    std::size_t diagnostic, count;
    std::string message;
  };
  std::map<std::string, AbsentFeature> absent_;
};

}  // namespace transom::node
