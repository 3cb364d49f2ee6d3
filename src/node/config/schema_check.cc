// What only a whole worker, or the whole node, can judge.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "base/read_file.h"
#include "node/acme/files.h"
#include "node/acme/placeholder.h"
#include "node/config/schema_tables.h"
#include "node/ocsp/report.h"
#include "node/tls/expiry.h"
#include "tls/context.h"

namespace transom::node {
namespace {

using serve::EndpointConfig;
using Severity = Diagnostic::Severity;

const router::RealmConfig* find_realm(const WorkerConfig& worker, const std::string& name) {
  for (const router::RealmConfig& realm : worker.realms) {
    if (realm.name == name) return &realm;
  }
  return nullptr;
}

bool has_role(const router::RealmConfig& realm, const std::string& role) {
  return std::any_of(realm.roles.begin(), realm.roles.end(),
                     [&role](const router::RoleConfig& known) { return known.name == role; });
}

std::vector<std::string> realm_names(const WorkerConfig& worker) {
  std::vector<std::string> names;
  for (const router::RealmConfig& realm : worker.realms) names.push_back(realm.name);
  return names;
}

std::vector<std::string> role_names(const WorkerConfig& worker, const std::string& realm) {
  std::vector<std::string> names;
  for (const router::RealmConfig& known : worker.realms) {
    if (!realm.empty() && known.name != realm) continue;
    for (const router::RoleConfig& role : known.roles) names.push_back(role.name);
  }
  return names;
}

/// Warnings, since whoever is sent to a realm or role that is not there is refused or denied everything, as in
/// Crossbar, and a node that starts there should start here.
void check_role(SchemaReader& reader, const WorkerConfig& worker, const RoleReference& use) {
  if (!use.realm.empty() && find_realm(worker, use.realm) == nullptr) {
    const auto names = realm_names(worker);
    return reader.report(Severity::warning, use.place,
                         fmt::format("realm \"{}\" is not defined in this worker: nobody gets in", use.realm),
                         {join_names(names), "", nearest_name(use.realm, names)});
  }
  const bool known = std::any_of(worker.realms.begin(), worker.realms.end(), [&use](const router::RealmConfig& realm) {
    return (use.realm.empty() || realm.name == use.realm) && has_role(realm, use.role);
  });
  if (known || worker.realms.empty()) return;
  const auto names = role_names(worker, use.realm);
  const std::string where = use.realm.empty() ? "any realm of this worker" : fmt::format("realm \"{}\"", use.realm);
  const std::string why = use.implied ? "without \"auth\" everybody comes in as role \"anonymous\", which" : "";
  const std::string what = use.implied ? fmt::format("{} is not defined in {}", why, where)
                                       : fmt::format("role \"{}\" is not defined in {}", use.role, where);
  reader.report(Severity::warning, use.place, what + ": nothing is allowed",
                {join_names(names), "", nearest_name(use.role, names)});
}

bool names_overlap(const EndpointConfig& a, const EndpointConfig& b) {
  using Family = EndpointConfig::Family;
  const bool same_family = a.family == b.family || a.family == Family::dual || b.family == Family::dual;
  if (a.interfaces.empty() || b.interfaces.empty()) return same_family;
  const auto is_any = [](const std::string& address) { return address == "0.0.0.0" || address == "::"; };
  for (const std::string& one : a.interfaces) {
    for (const std::string& other : b.interfaces) {
      if (one == other || (same_family && (is_any(one) || is_any(other)))) return true;
    }
  }
  return false;
}

bool collide(const EndpointConfig& a, const EndpointConfig& b) {
  if (a.type != b.type) return false;
  if (a.type == EndpointConfig::Type::unix) return a.path == b.path;
  return a.port == b.port && names_overlap(a, b);
}

std::string problem_of(const FileUse& use) {
  const auto unreadable = [&use](const std::string& reason) {
    return fmt::format("cannot read {}: {}", use.path, reason);
  };
  struct stat status {};
  if (stat(use.path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return fmt::format("there is no {}", use.path);
    return unreadable(std::strerror(errno));
  }
  if (use.need == FileUse::Need::directory && !S_ISDIR(status.st_mode))
    return fmt::format("{} is no directory", use.path);
  if (use.need == FileUse::Need::file) {
    if (const std::string reason = not_regular(status.st_mode); !reason.empty()) return unreadable(reason);
  }
  return access(use.path.c_str(), R_OK) == 0 ? "" : unreadable(std::strerror(errno));
}

/// The certificate of `acme` is judged where there is one that will be served; else nothing is known of it yet.
void add_acme_certificate(tls::ServerConfig& config) {
  if (!config.acme || config.acme->domains.empty()) return;
  if (!is_acme_pair_usable(*config.acme, std::time(nullptr))) return;
  config.certificates.push_back(acme_certificate(acme_files(*config.acme)));
}

/// A node that runs says the same in its log.
void add_expiry_warnings(const tls::ServerContext& context, std::vector<std::string>& warnings) {
  std::vector<Expiring> all;
  add_expiring(context, all);
  for (std::string& text : ExpiryWarnings().due(all, std::time(nullptr))) warnings.push_back(std::move(text));
}

/// Where the trouble is that a message tells of: at the file or the `key` that it names first, else somewhere in `tls`.
Place place_of(const CollectedFacts& facts, const TlsUse& use, const std::string& message) {
  Place place = use.place;
  std::size_t first = std::string::npos, length = 0;
  const auto consider = [&](const std::string& name, const Place& candidate) {
    const std::size_t at = message.find(name);
    if (at == std::string::npos || at > first || (at == first && name.size() <= length)) return;
    place = candidate;
    first = at;
    length = name.size();
  };
  for (const FileUse& file : facts.files) {
    if (file.place.path.starts_with(use.place.path + ".")) consider(file.path, file.place);
  }
  for (const auto& [key, where] : use.keys) consider("`" + key + "`", where);
  return place;
}

/// What `start` refuses for its permissions alone, `check` warns of: it may be run by somebody else.
void check_tls(SchemaReader& reader, TlsUse use, bool starting) {
  if (!starting) use.config.key_permissions = tls::KeyPermissions::warn;
  add_acme_certificate(use.config);
  if (use.config.certificates.empty()) return;
  std::vector<std::string> warnings;
  const auto context = tls::ServerContext::create(use.config, {}, warnings);
  if (!context) {
    const std::string& message = context.error().message;
    reader.report(Severity::error, place_of(reader.facts, use, message), message);
  }
  // `start` says these where it staples and looks after what ends.
  if (context && !starting) {
    for (std::string& complaint : staple_file_complaints(**context, std::time(nullptr))) {
      warnings.push_back(std::move(complaint));
    }
    add_expiry_warnings(**context, warnings);
  }
  for (std::string& warning : warnings) {
    reader.facts.tls_warnings.push_back(warning);
    const Place place = place_of(reader.facts, use, warning);
    reader.report(Severity::warning, place, std::move(warning));
  }
}

/// True when every file that the configuration names is there; the others are reported at their own place already.
bool all_readable(const TlsUse& use, const std::vector<std::string>& unreadable) {
  const auto files = files_of(use.config);
  return std::none_of(files.begin(), files.end(), [&unreadable](const std::string& file) {
    return std::find(unreadable.begin(), unreadable.end(), file) != unreadable.end();
  });
}

}  // namespace

void check_worker(SchemaReader& reader, const ConfigValue& dict, WorkerConfig& worker) {
  check_differ(reader, dict, "realms", "name", "realm");
  check_differ(reader, dict, "realms", "id", "id");
  check_differ(reader, dict, "transports", "id", "id");
  for (const RoleReference& use : reader.facts.roles) check_role(reader, worker, use);
  reader.facts.roles.clear();
  if (worker.realms.empty() && !worker.transports.empty()) {
    reader.warning(dict.at, "transports, but no realm: no WAMP client can join", {"", "add \"realms\"", ""});
  }
  int number = 0;
  for (serve::TransportConfig& transport : worker.transports) {
    if (transport.id.empty()) transport.id = fmt::format("transport{:03}", ++number);
  }
}

std::string port_or_path(const serve::EndpointConfig& endpoint) {
  return endpoint.type == serve::EndpointConfig::Type::unix ? endpoint.path : fmt::format("port {}", endpoint.port);
}

void check_endpoints(SchemaReader& reader) {
  const auto& uses = reader.facts.endpoints;
  // Hostile files hold thousands of transports; more than this are not compared pair by pair.
  const std::size_t count = std::min<std::size_t>(uses.size(), 1000);
  for (std::size_t later = 1; later < count; ++later) {
    for (std::size_t first = 0; first < later; ++first) {
      if (!collide(uses[first].endpoint, uses[later].endpoint)) continue;
      const Place& place = uses[first].place;
      const bool shared = uses[first].endpoint.shared && uses[later].endpoint.shared;
      const std::string where = fmt::format("{} in line {} column {}", place.path, place.at.line, place.at.column);
      if (shared) {
        reader.report(Severity::warning, uses[later].place,
                      fmt::format("the port is shared with {}: the system picks one of them for each client", where));
      } else {
        reader.report(Severity::error, uses[later].place,
                      fmt::format("{} is taken by {} already", port_or_path(uses[later].endpoint), where));
      }
      break;
    }
  }
}

void check_files(SchemaReader& reader, bool starting) {
  std::vector<std::string> unreadable;
  for (const FileUse& use : reader.facts.files) {
    std::string problem = problem_of(use);
    if (problem.empty()) continue;
    const bool file = use.need == FileUse::Need::file;
    if (file) unreadable.push_back(use.path);
    // Crossbar starts without the directory of a static service, and somebody may make it later.
    reader.report(file ? Severity::error : Severity::warning, use.place, problem + (file ? "" : ": all of it is 404"));
  }
  for (const TlsUse& use : reader.facts.tls) {
    if (all_readable(use, unreadable)) check_tls(reader, use, starting);
  }
}

}  // namespace transom::node
