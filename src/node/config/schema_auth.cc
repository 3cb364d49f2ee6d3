// `auth` of a transport. Only what is built may let somebody in: every other method makes the node refuse to start.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "node/config/schema_tables.h"

namespace transom::node {
namespace {

using router::AnonymousAuth;
using router::AuthConfig;
using router::TicketPrincipal;
using router::TlsPrincipal;
using TicketAuth = std::map<std::string, TicketPrincipal>;
using TlsAuth = std::map<std::string, TlsPrincipal>;

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

/// `principals`, a dictionary with one for each authid.
template <class Principal>
Field<std::map<std::string, Principal>> principals_field(const Table<Principal>& (*table)(), const char* meaning) {
  using Principals = std::map<std::string, Principal>;
  Field<Principals> field("principals", "a dictionary of dictionaries", meaning,
                          [table](SchemaReader& reader, const ConfigValue& value, Principals& principals) {
                            if (!reader.expect(value, ConfigValue::Kind::dict)) return;
                            if (value.members.empty()) reader.warning(value.at, "without principals nobody gets in");
                            for (const ConfigMember& member : value.members) {
                              SchemaReader::Step step(reader, member.key);
                              Principal principal;
                              if (!reader.read(member.value, table(), principal)) continue;
                              principals[member.key] = std::move(principal);
                            }
                          });
  field.nested = [table](std::vector<std::string>& seen) { return describe_table(table(), seen); };
  return std::move(field).needed().reloads();
}

const Table<TicketAuth>& ticket_table() {
  static const Table<TicketAuth> table("static ticket authentication",
                                       {
                                           accepted<TicketAuth>("type", "Where the answer comes from."),
                                           principals_field(principal_table, "Each authid with ticket and role."),
                                       });
  return table;
}

// ---- Client certificates -------------------------------------------------------------------------------------------

/// "ab:cd..", "ABCD.." as "AB:CD:.."; nothing when it is no fingerprint of so many octets.
std::optional<std::string> canonical_fingerprint(std::string_view text, std::size_t octets) {
  std::string canonical;
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == ':' || c == ' ') continue;
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return std::nullopt;
    if (digits > 0 && digits % 2 == 0) canonical += ':';
    canonical += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    ++digits;
  }
  if (digits != octets * 2) return std::nullopt;
  return canonical;
}

Field<TlsPrincipal>::Setter fingerprint_reader(TlsPrincipal::By by, std::size_t octets, const char* digest) {
  return [=](SchemaReader& reader, const ConfigValue& value, TlsPrincipal& principal) {
    const auto text = reader.string(value);
    if (!text) return;
    auto canonical = canonical_fingerprint(*text, octets);
    if (!canonical) {
      return reader.error(value.at, fmt::format("no {} fingerprint", digest),
                          {fmt::format("{} octets as hexadecimal digits, with or without colons", octets),
                           fmt::format("openssl x509 -in FILE -noout -fingerprint -{} prints it", digest), ""});
    }
    principal.by = by;
    principal.value = std::move(*canonical);
  };
}

void read_sha1_fingerprint(SchemaReader& reader, const ConfigValue& value, TlsPrincipal& principal) {
  fingerprint_reader(TlsPrincipal::By::sha1, 20, "sha1")(reader, value, principal);
  if (principal.value.empty()) return;
  reader.warning(value.at, "SHA-1 is old: two certificates with the same SHA-1 fingerprint can be made",
                 {"", "use \"certificate-sha256\"", ""});
}

void read_subject(SchemaReader& reader, const ConfigValue& value, TlsPrincipal& principal) {
  auto text = reader.string(value);
  if (!text) return;
  const bool slashes = text->starts_with('/');
  if (slashes || text->find('=') == std::string::npos) {
    return reader.error(
        value.at,
        slashes ? "the form with slashes is OpenSSL's old one, and no certificate is matched by it" : "no subject",
        {"", "openssl x509 -in FILE -noout -subject -nameopt RFC2253 prints it: \"CN=joe,O=Example\"", ""});
  }
  principal.by = TlsPrincipal::By::subject;
  principal.value = std::move(*text);
}

void read_alternative_name(SchemaReader& reader, const ConfigValue& value, TlsPrincipal& principal) {
  auto text = reader.string(value);
  if (!text) return;
  const std::size_t colon = text->find(':');
  const std::string kind = text->substr(0, colon);
  const bool known = kind == "DNS" || kind == "email" || kind == "URI" || kind == "IP";
  if (!known || colon == std::string::npos || colon + 1 == text->size()) {
    return reader.error(value.at, "no subject alternative name",
                        {"\"email:..\", \"DNS:..\", \"URI:..\" or \"IP:..\"", "", ""});
  }
  principal.by = TlsPrincipal::By::san;
  principal.value = std::move(*text);
}

constexpr const char* kCertificateKeys[] = {"certificate-sha256", "certificate-sha1", "subject", "san"};

void finish_tls_principal(SchemaReader& reader, const ConfigValue& dict, TlsPrincipal& principal) {
  if (!principal.role.empty()) refer_to_role(reader, dict, "", principal.role);
  const auto named = std::count_if(std::begin(kCertificateKeys), std::end(kCertificateKeys),
                                   [&dict](const char* key) { return dict.find(key) != nullptr; });
  if (named == 1) return;
  reader.error(dict.at,
               named == 0 ? "whose certificate it is does not stand here" : "several ways to know a certificate",
               {"one of \"certificate-sha256\", \"certificate-sha1\", \"subject\" and \"san\"", "", ""});
}

const Table<TlsPrincipal>& tls_principal_table() {
  using P = TlsPrincipal;
  static const Table<P> table(
      "tls principal",
      {
          Field<P>("certificate-sha256", "a fingerprint", "The certificate with this SHA-256 fingerprint.",
                   fingerprint_reader(P::By::sha256, 32, "sha256"))
              .reloads(),
          Field<P>("certificate-sha1", "a fingerprint", "The certificate with this SHA-1 fingerprint.",
                   read_sha1_fingerprint)
              .reloads(),
          Field<P>("subject", "a name like \"CN=joe,O=Example\"", "Certificates with this whole subject (RFC 2253).",
                   read_subject)
              .reloads(),
          Field<P>("san", "a name like \"email:joe@example.net\"", "Certificates with this subject alternative name.",
                   read_alternative_name)
              .reloads(),
          text("role", &P::role, "The role of this principal.").needed().reloads(),
      },
      finish_tls_principal);
  return table;
}

const Table<TlsAuth>& tls_auth_table() {
  static const Table<TlsAuth> table(
      "static tls authentication",
      {
          accepted<TlsAuth>("type", "Where the answer comes from."),
          principals_field(tls_principal_table, "Each authid with what its certificate is known by, and role."),
      },
      [](SchemaReader& reader, const ConfigValue& dict, TlsAuth&) {
        reader.facts.client_certificates.push_back(reader.here(dict.at));
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

const Variants<TlsAuth>& tls_variants() {
  static const auto variants = method_variants<TlsAuth>("tls authentication", tls_auth_table);
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
                       "use \"ticket\", \"tls\" or \"anonymous\", or take the method out");
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
          method("tls", &AuthConfig::tls, tls_variants, "A client certificate that the endpoint has verified."),
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
