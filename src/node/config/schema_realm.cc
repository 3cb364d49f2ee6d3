// Realms, roles and permissions.
#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "node/config/schema_tables.h"
#include "wamp/uri.h"

namespace transom::node {
namespace {

using router::Permission;
using router::RealmConfig;
using router::RoleConfig;

const Table<RealmConfig>& realm_options_table() {
  using R = RealmConfig;
  static const Table<R> table(
      "realm options",
      {
          choice<R, wamp::UriCheck>("uri_check", &R::uri_check,
                                    {{"loose", wamp::UriCheck::loose}, {"strict", wamp::UriCheck::strict}},
                                    "How strictly URIs are checked."),
          Field<R>("event_dispatching_chunk_size", "an integer", "Events are never sent in chunks here.",
                   [](SchemaReader& reader, const ConfigValue& value, R&) {
                     reader.integer(value, 1, std::numeric_limits<std::int64_t>::max());
                   })
              .handled_as(Support::accepted),
          always<R>("enable_meta_api", false, "the meta API is not built yet"),
          always<R>("bridge_meta_api", false, "the meta API is not built yet"),
      });
  return table;
}

const Table<Permission>& allow_table() {
  using P = Permission;
  static const Table<P> table("allow", {
                                           flag("call", &P::allow_call, "May call.").reloads(),
                                           flag("register", &P::allow_register, "May register.").reloads(),
                                           flag("publish", &P::allow_publish, "May publish.").reloads(),
                                           flag("subscribe", &P::allow_subscribe, "May subscribe.").reloads(),
                                       });
  return table;
}

const Table<Permission>& disclose_table() {
  using P = Permission;
  static const Table<P> table(
      "disclose", {
                      flag("caller", &P::disclose_caller, "Callees learn who calls.").reloads(),
                      flag("publisher", &P::disclose_publisher, "Subscribers learn who publishes.").reloads(),
                  });
  return table;
}

/// Without `match` the stars say what is meant: "com.x.*" is a prefix, several stars or one inside a wildcard pattern.
void derive_match(SchemaReader& reader, const ConfigValue& value, Permission& permission) {
  std::string& uri = permission.uri;
  const auto stars = std::count(uri.begin(), uri.end(), '*');
  if (uri.find("**") != std::string::npos) reader.error(value.at, "two stars in a row mean nothing");
  if (stars == 0) return;
  permission.match = stars == 1 && uri.back() == '*' ? wamp::Match::prefix : wamp::Match::wildcard;
  uri.erase(std::remove(uri.begin(), uri.end(), '*'), uri.end());
}

void finish_permission(SchemaReader& reader, const ConfigValue& dict, Permission& permission) {
  const ConfigValue* uri = dict.find("uri");
  if (uri == nullptr || !uri->is(ConfigValue::Kind::string)) return;
  SchemaReader::Step step(reader, "uri");
  if (dict.find("match") == nullptr) {
    derive_match(reader, *uri, permission);
  } else if (permission.uri.find('*') != std::string::npos) {
    reader.warning(uri->at, "beside \"match\" a star is an ordinary character",
                   {"", "take \"match\" out, or the stars", ""});
  }
  if (permission.uri.empty() && permission.match == wamp::Match::exact) {
    reader.warning(uri->at, "an empty URI matches nothing exactly",
                   {"", "\"match\": \"prefix\" makes it match all", ""});
  } else if (!wamp::is_valid_pattern(permission.uri, wamp::UriCheck::loose, permission.match)) {
    reader.error(uri->at, fmt::format("no valid URI for match \"{}\"", wamp::to_string(permission.match)),
                 {"components without space, # or control characters, joined by dots", "", ""});
  }
}

const Table<Permission>& permission_table() {
  using P = Permission;
  static const Table<P> table(
      "permission",
      {
          text("uri", &P::uri, "The URI or pattern it is about.").needed().reloads(),
          choice<P, wamp::Match>(
              "match", &P::match,
              {{"exact", wamp::Match::exact}, {"prefix", wamp::Match::prefix}, {"wildcard", wamp::Match::wildcard}},
              "How `uri` is meant; absent: as its stars say.")
              .reloads(),
          part<P>("allow", allow_table, "What is allowed.").reloads(),
          part<P>("disclose", disclose_table, "Whose identity is passed on.").reloads(),
          accepted_flag<P>("cache", "Answers may be cached; static ones always are."),
          restricting<P>("validate", "Payloads are checked against a catalog.", "take it out if any payload may pass"),
      },
      finish_permission);
  return table;
}

/// Of two entries with the same uri the last one counts, as in Crossbar.
void drop_overridden(SchemaReader& reader, const ConfigValue& list, std::vector<Permission>& permissions) {
  if (permissions.size() != list.items.size()) return;  // one was in error
  std::map<std::string, std::size_t> last;
  for (std::size_t i = 0; i < permissions.size(); ++i) last[permissions[i].uri] = i;
  if (last.size() == permissions.size()) return;
  std::vector<Permission> kept;
  for (std::size_t i = 0; i < permissions.size(); ++i) {
    if (last[permissions[i].uri] == i) {
      kept.push_back(std::move(permissions[i]));
      continue;
    }
    SchemaReader::Step step(reader, i);
    reader.warning(list.items[i].at,
                   fmt::format("has no effect: a later permission has the same URI \"{}\"", permissions[i].uri));
  }
  permissions = std::move(kept);
}

void finish_role(SchemaReader& reader, const ConfigValue& dict, RoleConfig& role) {
  const ConfigValue* permissions = dict.find("permissions");
  const ConfigValue* authorizer = dict.find("authorizer");
  if (permissions != nullptr && authorizer != nullptr) {
    SchemaReader::Step step(reader, "authorizer");
    reader.error(authorizer->at, "a role has either \"authorizer\" or \"permissions\"", {"", "take one out", ""});
  }
  if (permissions != nullptr) {
    SchemaReader::Step step(reader, "permissions");
    drop_overridden(reader, *permissions, role.permissions);
  }
  const ConfigValue* name = dict.find("name");
  if (name == nullptr) return;
  SchemaReader::Step step(reader, "name");
  if (role.name == "trusted") {
    reader.error(name->at, "\"trusted\" is the role of the node itself", {"", "choose another name", ""});
  } else if (role.name.empty() && name->is(ConfigValue::Kind::string)) {
    reader.error(name->at, "an empty name");
  }
}

void finish_realm(SchemaReader& reader, const ConfigValue& dict, RealmConfig& realm) {
  check_differ(reader, dict, "roles", "name", "role");
  check_differ(reader, dict, "roles", "id", "id");
  const ConfigValue* name = dict.find("name");
  if (name == nullptr || !name->is(ConfigValue::Kind::string) || wamp::is_valid_realm_name(realm.name)) return;
  SchemaReader::Step step(reader, "name");
  reader.error(name->at, fmt::format("\"{}\" is no valid realm name", log_safe(realm.name)),
               {"3 to 255 of letters, digits, _ - @ and ., beginning with a letter", "", ""});
}

}  // namespace

const Table<RoleConfig>& role_table() {
  using R = RoleConfig;
  static const Table<R> table(
      "role",
      {
          unused_identifier<R>(),
          text("name", &R::name, "What `auth` and meta information call it.").needed().reloads(),
          objects("permissions", &R::permissions, permission_table, "What it may do; all else is denied.").reloads(),
          restricting<R>("authorizer", "A procedure that decides.", "list static \"permissions\" instead"),
          flag("allow-by-default", &R::allow_by_default, "What no permission speaks of is allowed.").reloads(),
      },
      finish_role);
  return table;
}

const Table<RealmConfig>& realm_table() {
  using R = RealmConfig;
  static const Table<R> table("realm",
                              {
                                  unused_identifier<R>(),
                                  text("name", &R::name, "What clients join.").needed(),
                                  objects("roles", &R::roles, role_table, "Who may do what.").reloads(),
                                  part<R>("options", realm_options_table, "Options of the realm."),
                                  convenience<R>("store", "Event history and queued calls."),
                                  convenience<R>("stats", "Statistics of each session."),
                                  convenience<R>("inventory", "Catalogs of interfaces."),
                                  convenience<R>("rlinks", "Links to other routers."),
                              },
                              finish_realm);
  return table;
}

}  // namespace transom::node
