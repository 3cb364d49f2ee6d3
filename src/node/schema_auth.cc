// `auth` of a transport. Only what is built may let somebody in: every other method makes the node refuse to start.
#include <fmt/format.h>

#include "node/schema_tables.h"

namespace transom::node {
namespace {

using router::AnonymousAuth;
using router::AuthConfig;
using router::TicketPrincipal;
using TicketAuth = std::map<std::string, TicketPrincipal>;

void refer_to_role(SchemaReader& reader, const ConfigValue& dict, const std::string& realm, const std::string& role) {
  const ConfigValue* named = dict.find("role");
  if (named == nullptr) return reader.facts.roles.push_back({reader.here(dict.at), realm, role, false});
  SchemaReader::Step step(reader, "role");
  reader.facts.roles.push_back({reader.here(named->at), realm, role, false});
}

const Table<AnonymousAuth>& anonymous_table() {
  using A = AnonymousAuth;
  static const Table<A> table("static anonymous authentication",
                              {
                                  accepted<A>("type", "Where the answer comes from."),
                                  text("realm", &A::realm, "The realm; absent: the one the client asks for.").reloads(),
                                  text("role", &A::role, "The role of whoever comes in.").reloads(),
                                  text("authid", &A::authid, "The authid; absent: a random one.").reloads(),
                              },
                              [](SchemaReader& reader, const ConfigValue& dict, A& anonymous) {
                                refer_to_role(reader, dict, anonymous.realm, anonymous.role);
                              });
  return table;
}

/// A ticket, or "${VAR}". The ticket itself must never get into a message.
void read_ticket(SchemaReader& reader, const ConfigValue& value, TicketPrincipal& principal) {
  auto ticket = reader.string(value);
  if (!ticket) return;
  const bool reference = ticket->size() > 3 && ticket->substr(0, 2) == "${" && ticket->back() == '}';
  if (reference) {
    const std::string name = ticket->substr(2, ticket->size() - 3);
    ticket = reader.environment(name);
    if (!ticket) {
      return reader.error(value.at, fmt::format("the environment variable {} is not set", name),
                          {"", "set it before the start", ""});
    }
  }
  if (ticket->empty()) return reader.error(value.at, "an empty ticket would let everybody in");
  principal.ticket = std::move(*ticket);
}

const Table<TicketPrincipal>& principal_table() {
  using P = TicketPrincipal;
  static const Table<P> table(
      "ticket principal",
      {
          Field<P>("ticket", "a string or \"${VAR}\"", "The secret the client must show.", read_ticket)
              .needed()
              .reloads(),
          text("role", &P::role, "The role of this principal.").needed().reloads(),
      },
      [](SchemaReader& reader, const ConfigValue& dict, P& principal) {
        if (!principal.role.empty()) refer_to_role(reader, dict, "", principal.role);
      });
  return table;
}

void read_principals(SchemaReader& reader, const ConfigValue& value, TicketAuth& principals) {
  if (!reader.expect(value, ConfigValue::Kind::dict)) return;
  if (value.members.empty()) reader.warning(value.at, "without principals nobody gets in by ticket");
  for (const ConfigMember& member : value.members) {
    SchemaReader::Step step(reader, member.key);
    TicketPrincipal principal;
    if (reader.read(member.value, principal_table(), principal)) principals[member.key] = std::move(principal);
  }
}

const Table<TicketAuth>& ticket_table() {
  Field<TicketAuth> principals("principals", "a dictionary of dictionaries", "Each authid with ticket and role.",
                               read_principals);
  principals.nested = [](std::vector<std::string>& seen) { return describe_table(principal_table(), seen); };
  static const Table<TicketAuth> table("static ticket authentication",
                                       {
                                           accepted<TicketAuth>("type", "Where the answer comes from."),
                                           std::move(principals).needed().reloads(),
                                       });
  return table;
}

template <class T>
Variant<T> by_table(const char* name, const Table<T>& (*table)()) {
  return {name, Support::built, "", [table]() -> const TableBase& { return table(); },
          [table](SchemaReader& reader, const ConfigValue& dict, T& target) { reader.read(dict, table(), target); }};
}

template <class T>
Variant<T> by_code(const char* name, std::vector<std::string> keys) {
  static constexpr const char* kWayOut = "use type \"static\"";
  const auto table = known_keys(fmt::format("{} authentication", name), keys);
  return {name, Support::restricting, kWayOut, table, nullptr};
}

template <class T>
Variants<T> method_variants(const char* name, const Table<T>& (*table)()) {
  return Variants<T>(
      name, "type", "",
      {by_table<T>("static", table),
       by_code<T>("dynamic", {"type", "authenticator", "authenticator-realm", "authenticator-role", "default-role"}),
       by_code<T>("function", {"type", "create", "config", "expose_controller", "default-role"})});
}

const Variants<AnonymousAuth>& anonymous_variants() {
  static const auto variants = method_variants<AnonymousAuth>("anonymous authentication", anonymous_table);
  return variants;
}
const Variants<TicketAuth>& ticket_variants() {
  static const auto variants = method_variants<TicketAuth>("ticket authentication", ticket_table);
  return variants;
}

/// A method that fills its optional member: a method in error lets nobody in.
template <class Method>
Field<AuthConfig> method(std::string name, std::optional<Method> AuthConfig::*member,
                         const Variants<Method>& (*variants)(), std::string meaning) {
  Field<AuthConfig> field(std::move(name), "a dictionary", std::move(meaning),
                          [=](SchemaReader& reader, const ConfigValue& value, AuthConfig& auth) {
                            Method read{};
                            if (reader.read(value, variants(), read)) auth.*member = std::move(read);
                          });
  field.nested = [variants](std::vector<std::string>& seen) { return describe_variants(variants(), seen); };
  return std::move(field).reloads();
}

Field<AuthConfig> unbuilt(const char* name) {
  const auto setter = [name](SchemaReader& reader, const ConfigValue& value, AuthConfig&) {
    if (!reader.expect(value, ConfigValue::Kind::dict)) return;
    reader.unsupported(value.at, fmt::format("authentication method \"{}\"", name),
                       "use \"ticket\" or \"anonymous\", or take the method out");
  };
  return Field<AuthConfig>(name, "a dictionary", "A way to authenticate.", setter).handled_as(Support::restricting);
}

}  // namespace

const Table<AuthConfig>& auth_table() {
  static const Table<AuthConfig> table(
      "auth",
      {
          method("anonymous", &AuthConfig::anonymous, anonymous_variants, "Whoever comes gets in, with this role."),
          method("ticket", &AuthConfig::ticket, ticket_variants, "A shared secret for each authid."),
          unbuilt("wampcra"),
          unbuilt("scram"),
          unbuilt("cryptosign"),
          unbuilt("tls"),
          unbuilt("cookie"),
          unbuilt("cryptosign-proxy"),
          unbuilt("anonymous-proxy"),
      },
      [](SchemaReader& reader, const ConfigValue& dict, AuthConfig&) {
        if (!dict.members.empty()) return;
        reader.error(dict.at, "\"auth\" names no method",
                     {"", "take it out to let everybody in as role \"anonymous\", or name a method", ""});
      });
  return table;
}

}  // namespace transom::node
