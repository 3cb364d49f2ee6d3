// The services of a web transport's paths.
#include <fmt/format.h>

#include "node/config/schema_tables.h"

namespace transom::node {
namespace {

using serve::JsonConfig;
using serve::NestedConfig;
using serve::NodeinfoConfig;
using serve::PathConfig;
using serve::RedirectConfig;
using serve::StaticConfig;
using serve::WebSocketConfig;

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

/// A string that goes into a header: nobody may smuggle in another one.
std::optional<std::string> header_text(SchemaReader& reader, const ConfigValue& value) {
  auto text = reader.string(value);
  if (!text) return std::nullopt;
  if (!text->empty() && !has_control_character(*text)) return text;
  reader.error(value.at, text->empty() ? "an empty string" : "holds a control character");
  return std::nullopt;
}

// -- static ---------------------------------------------------------------------------------------------------------

void read_mime_types(SchemaReader& reader, const ConfigValue& value, StaticConfig& config) {
  if (!reader.expect(value, ConfigValue::Kind::dict)) return;
  for (const ConfigMember& member : value.members) {
    SchemaReader::Step step(reader, member.key);
    if (member.key.empty() || member.key[0] != '.') {
      reader.error(member.at, "no file name extension", {"a key like \".svg\"", "", ""});
    }
    if (auto type = header_text(reader, member.value)) config.mime_types[member.key] = std::move(*type);
  }
}

void read_cache_timeout(SchemaReader& reader, const ConfigValue& value, StaticConfig& config) {
  config.cache_timeout_s.reset();
  if (value.is(ConfigValue::Kind::null)) return;
  if (const auto seconds = reader.integer(value, 0, 0x7fffffff)) config.cache_timeout_s = static_cast<int>(*seconds);
}

const Table<StaticConfig>& static_options_table() {
  using S = StaticConfig;
  static const Table<S> table(
      "static options",
      {
          flag("enable_directory_listing", &S::enable_directory_listing, "A directory without index is listed."),
          Field<S>("mime_types", "a dictionary", "Content types by extension.", read_mime_types),
          Field<S>("cache_timeout", "seconds, or null", "How long files may be cached; null: no caching headers.",
                   read_cache_timeout)
              .preset(43'200)
              .within(0, 0x7fffffff),
          text("default_file", &S::default_file, "Served for every path that does not exist."),
          flag("follow_symlinks", &S::follow_symlinks, "Links may lead out of the directory."),
          flag("serve_dotfiles", &S::serve_dotfiles, "Names that begin with a dot are served."),
      });
  return table;
}

void read_directory(SchemaReader& reader, const ConfigValue& value, StaticConfig& config) {
  const auto path = reader.path(value);
  if (!path) return;
  config.directory = *path;
  reader.facts.files.push_back({reader.here(value.at), *path, FileUse::Need::directory});
}

void finish_static(SchemaReader& reader, const ConfigValue& dict, StaticConfig&) {
  const bool directory = dict.find("directory") != nullptr;
  const ConfigValue* package = dict.find("package");
  const bool python = package != nullptr || dict.find("resource") != nullptr;
  if (directory && python) {
    reader.error(dict.at, "either \"directory\", or \"package\" and \"resource\"", {"", "take one out", ""});
  } else if (python) {
    reader.absent_convenience(dict.at, "static package",
                              "files of a Python package (\"package\", \"resource\") are not built: ignored; copy them "
                              "and name the \"directory\"");
  } else if (!directory) {
    reader.error(dict.at, "static service without \"directory\"", {"", "add it: the directory to serve", ""});
  }
}

const Table<StaticConfig>& static_table() {
  using S = StaticConfig;
  static const Table<S> table("static service",
                              {
                                  accepted<S>("type", "The kind of service."),
                                  unused_identifier<S>(),
                                  Field<S>("directory", "a path", "The directory to serve.", read_directory),
                                  accepted<S>("package", "A Python package."),
                                  accepted<S>("resource", "A directory in it."),
                                  part<S>("options", static_options_table, "How files are served."),
                              },
                              finish_static);
  return table;
}

// -- the small ones -------------------------------------------------------------------------------------------------

const Table<RedirectConfig>& redirect_table() {
  using R = RedirectConfig;
  static const Table<R> table("redirect service",
                              {
                                  accepted<R>("type", "The kind of service."),
                                  unused_identifier<R>(),
                                  Field<R>("url", "a string", "Where to send the client.",
                                           [](SchemaReader& reader, const ConfigValue& value, R& redirect) {
                                             if (auto url = header_text(reader, value)) redirect.url = *url;
                                           })
                                      .needed(),
                              });
  return table;
}

const Table<JsonConfig>& json_options_table() {
  using J = JsonConfig;
  static const Table<J> table(
      "json options", {
                          flag("prettify", &J::prettify, "Indented and sorted."),
                          flag("allow_cross_origin", &J::allow_cross_origin, "Pages of other sites may read it."),
                          flag("discourage_caching", &J::discourage_caching, "Not to be cached."),
                      });
  return table;
}

const Table<JsonConfig>& json_table() {
  using J = JsonConfig;
  static const Table<J> table(
      "json service",
      {
          accepted<J>("type", "The kind of service."),
          unused_identifier<J>(),
          Field<J>("value", "any value", "What to serve.",
                   [](SchemaReader&, const ConfigValue& value, J& json) { json.value = to_json(value); })
              .needed(),
          part<J>("options", json_options_table, "How it is served."),
      });
  return table;
}

const Table<NodeinfoConfig>& nodeinfo_table() {
  using N = NodeinfoConfig;
  static const Table<N> table("nodeinfo service",
                              {accepted<N>("type", "The kind of service."), unused_identifier<N>()});
  return table;
}

const Table<NestedConfig>& nested_table() {
  using N = NestedConfig;
  Field<N> paths("paths", "a dictionary", "A service for each next component.",
                 [](SchemaReader& reader, const ConfigValue& value, N& nested) {
                   nested.paths = std::make_shared<serve::PathMap>();
                   read_paths(reader, value, *nested.paths);
                 });
  paths.nested = describe_paths;
  static const Table<N> table(
      "path service", {accepted<N>("type", "The kind of service."), unused_identifier<N>(), std::move(paths).needed()},
      [](SchemaReader&, const ConfigValue&, N& nested) {
        if (!nested.paths) nested.paths = std::make_shared<serve::PathMap>();
      });
  return table;
}

const Table<WebSocketConfig>& websocket_table() {
  using W = WebSocketConfig;
  static const Table<W> table(
      "websocket service",
      join({accepted<W>("type", "The kind of service."), unused_identifier<W>()}, websocket_fields()),
      finish_websocket);
  return table;
}

// -- the table of services ------------------------------------------------------------------------------------------

template <class Service>
Variant<PathConfig> built(const char* name, const Table<Service>& (*table)()) {
  return {name, Support::built, "", [table]() -> const TableBase& { return table(); },
          [table](SchemaReader& reader, const ConfigValue& dict, PathConfig& path) {
            Service service{};
            reader.read(dict, table(), service);
            path.service = std::move(service);
          }};
}

Variant<PathConfig> unbuilt(const char* name, std::vector<std::string> keys, Support support = Support::convenience,
                            const char* way_out = "") {
  keys.insert(keys.end(), {"id", "type"});
  const auto table = known_keys(fmt::format("{} service", name), keys);
  return {name, support, way_out, table,
          [name, table](SchemaReader& reader, const ConfigValue& dict, PathConfig& path) {
            char unused = 0;
            reader.read(dict, static_cast<const Table<char>&>(table()), unused);
            path.service = serve::NotBuiltConfig{name};
          }};
}

bool is_path_component(std::string_view key) {
  return key == "/" || (!key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
         }));
}

/// A static service of a Python package has no directory: it is not built.
void settle_service(PathConfig& path) {
  const auto* files = std::get_if<StaticConfig>(&path.service);
  if (files != nullptr && files->directory.empty()) path.service = serve::NotBuiltConfig{"static package"};
}

}  // namespace

const Variants<PathConfig>& path_variants() {
  static const Variants<PathConfig> variants(
      "path service", "type", "",
      {
          built("static", static_table),
          built("websocket", websocket_table),
          built("path", nested_table),
          built("redirect", redirect_table),
          built("json", json_table),
          built("nodeinfo", nodeinfo_table),
          unbuilt("longpoll", {"options"}),
          unbuilt("caller", {"realm", "role", "options"}),
          unbuilt("publisher", {"realm", "role", "options"}),
          unbuilt("webhook", {"realm", "role", "options"}),
          unbuilt("reverseproxy", {"host", "port", "path", "forwarded_port", "forwarded_proto", "options"}),
          unbuilt("websocket-reverseproxy", {"url", "options", "backend"}),
          unbuilt("cgi", {"directory", "processor"}),
          unbuilt("wsgi", {"module", "object", "minthreads", "maxthreads"}, Support::restricting,
                  "only Python can run it: serve it by a WSGI server of its own"),
          unbuilt("resource", {"classname", "extra"}, Support::restricting,
                  "only Python can run it: serve it by a program of its own"),
          unbuilt("archive", {"archive", "origin", "download", "cache", "default_object", "object_prefix", "mime_types",
                              "hashes", "options"}),
          unbuilt("wap", {"templates", "routes", "wamp", "path", "sandbox"}),
          unbuilt("catalog", {"filename", "path"}),
          unbuilt("upload", {"realm", "role", "directory", "temp_directory", "form_fields", "options"}),
          unbuilt("schemadoc", {"realm", "schemas"}),
          unbuilt("none", {}),
      });
  return variants;
}

void read_paths(SchemaReader& reader, const ConfigValue& value, serve::PathMap& paths) {
  if (!reader.expect(value, ConfigValue::Kind::dict)) return;
  for (const ConfigMember& member : value.members) {
    SchemaReader::Step step(reader, member.key);
    if (!is_path_component(member.key)) {
      reader.error(member.at, "no path component",
                   {"letters, digits, _ and -; or \"/\"", "deeper paths are nested by type \"path\"", ""});
    }
    PathConfig path;
    reader.read(member.value, path_variants(), path);
    settle_service(path);
    paths[member.key] = std::move(path);
  }
}

nlohmann::json describe_paths(std::vector<std::string>& seen) {
  if (std::find(seen.begin(), seen.end(), "paths") != seen.end()) return {{"name", "paths"}};
  seen.push_back("paths");
  return {{"name", "paths"}, {"values", describe_variants(path_variants(), seen)}};
}

}  // namespace transom::node
