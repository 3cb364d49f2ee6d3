// `tls` of a listening endpoint.
#include "node/acme/files.h"
#include "node/config/schema_tables.h"
#include "tls/server_names.h"

namespace transom::node {
namespace {

using tls::CertificateConfig;
using tls::ClientAuth;
using tls::PassphraseSource;
using tls::ServerConfig;
using tls::TicketConfig;

std::vector<std::string> secret_files(SchemaReader& reader, const ConfigValue& value) {
  std::vector<std::string> files;
  if (!reader.expect(value, ConfigValue::Kind::list)) return files;
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    SchemaReader::Step step(reader, i);
    if (std::string file = secret_file(reader, value.items[i]); !file.empty()) files.push_back(std::move(file));
  }
  return files;
}

template <class T>
Field<T> file_row(std::string name, std::string T::*member, std::string meaning) {
  return Field<T>(std::move(name), "a path", std::move(meaning),
                  [member](SchemaReader& reader, const ConfigValue& value, T& target) {
                    target.*member = secret_file(reader, value);
                  })
      .reloads();
}

template <class T>
Field<T> files_row(std::string name, std::vector<std::string> T::*member, std::string meaning) {
  return Field<T>(std::move(name), "a list of paths", std::move(meaning),
                  [member](SchemaReader& reader, const ConfigValue& value, T& target) {
                    target.*member = secret_files(reader, value);
                  })
      .reloads();
}

// -- certificates ---------------------------------------------------------------------------------------------------

/// A systemd credential is a file of this name in one directory, so the name must not lead out of it.
bool is_credential_name(const std::string& name) {
  return !name.empty() && name.size() <= 255 && name != "." && name != ".." && name.find('/') == std::string::npos;
}

bool is_variable_name(const std::string& name) { return !name.empty() && name.find('=') == std::string::npos; }

Field<PassphraseSource> passphrase_name(std::string name, PassphraseSource::From from,
                                        bool (*is_good)(const std::string&), std::string what) {
  const auto setter = [=](SchemaReader& reader, const ConfigValue& value, PassphraseSource& source) {
    const auto text = reader.string(value);
    if (!text) return;
    if (!is_good(*text)) return reader.error(value.at, "no name of " + what);
    source = {from, *text};
  };
  return Field<PassphraseSource>(std::move(name), "a string", "The name of " + what + " that holds it.", setter)
      .reloads();
}

const Table<PassphraseSource>& passphrase_table() {
  using From = PassphraseSource::From;
  static const Table<PassphraseSource> table(
      "key_passphrase",
      {
          Field<PassphraseSource>("file", "a path", "A file whose first line is the passphrase.",
                                  [](SchemaReader& reader, const ConfigValue& value, PassphraseSource& source) {
                                    source = {From::file, secret_file(reader, value)};
                                  })
              .reloads(),
          passphrase_name("credential", From::credential, is_credential_name, "a credential of systemd"),
          passphrase_name("environment", From::environment, is_variable_name, "an environment variable"),
      },
      [](SchemaReader& reader, const ConfigValue& dict, PassphraseSource&) {
        if (dict.members.size() == 1) return;
        reader.error(dict.at, "needs exactly one source", {"\"file\", \"credential\" or \"environment\"", "", ""});
      });
  return table;
}

void read_passphrase(SchemaReader& reader, const ConfigValue& value, CertificateConfig& certificate) {
  if (!value.is(ConfigValue::Kind::string)) {
    reader.read(value, passphrase_table(), certificate.passphrase);
    return;
  }
  reader.error(value.at, "a passphrase does not belong into the configuration",
               {"{\"file\": PATH}, {\"credential\": NAME} or {\"environment\": NAME}", "", ""});
}

/// What a pair has at the top as well as in `certificates`.
std::vector<Field<CertificateConfig>> pair_fields() {
  using C = CertificateConfig;
  Field<C> passphrase("key_passphrase", "a dictionary", "Where the passphrase of an encrypted key comes from.",
                      read_passphrase);
  passphrase.nested = [](std::vector<std::string>& seen) { return describe_table(passphrase_table(), seen); };
  return {
      file_row("key", &C::key_file, "The private key, PEM."),
      file_row("certificate", &C::certificate_file, "The certificate, PEM; the chain may follow in the file."),
      files_row("chain_certificates", &C::chain_files, "The certificates between this one and the root."),
      std::move(passphrase).reloads(),
      file_row("ocsp_staple", &C::staple_file, "An OCSP response, DER or PEM, to staple instead of a fetched one."),
  };
}

void check_pair(SchemaReader& reader, const ConfigValue& dict, const std::string& what) {
  for (const char* key : {"key", "certificate"}) {
    if (dict.find(key) != nullptr) continue;
    reader.error(dict.at, fmt::format("{} without \"{}\"", what, key),
                 {"", "a certificate and its key are named together", ""});
  }
}

void read_hostnames(SchemaReader& reader, const ConfigValue& value, CertificateConfig& certificate) {
  if (!reader.expect(value, ConfigValue::Kind::list)) return;
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    SchemaReader::Step step(reader, i);
    const auto given = reader.string(value.items[i]);
    if (!given) continue;
    if (auto name = tls::canonical_server_name(*given)) {
      certificate.server_names.push_back(std::move(*name));
    } else {
      reader.error(
          value.items[i].at, "no host name",
          {"a name such as \"www.example.com\" or \"*.example.com\"",
           "international names are written in their xn-- form; clients do not ask for addresses by name", ""});
    }
  }
}

const Table<CertificateConfig>& certificate_table() {
  using C = CertificateConfig;
  static const Table<C> table(
      "certificate",
      join(pair_fields(),
           {Field<C>("hostnames", "a list of strings",
                     "For which names it is sent, \"*.example.com\" too; absent: the names it holds.", read_hostnames)
                .reloads()}),
      [](SchemaReader& reader, const ConfigValue& dict, C&) { check_pair(reader, dict, "certificate"); });
  return table;
}

/// The pair that stands at the top is the first, wherever its keys stand in the file; `finish_tls` takes it out again
/// when there is none.
CertificateConfig& top_pair(ServerConfig& config) {
  if (config.certificates.empty()) config.certificates.emplace_back();
  return config.certificates.front();
}

void read_certificates(SchemaReader& reader, const ConfigValue& value, ServerConfig& config) {
  top_pair(config);
  if (!reader.expect(value, ConfigValue::Kind::list)) return;
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    SchemaReader::Step step(reader, i);
    CertificateConfig certificate;
    if (reader.read(value.items[i], certificate_table(), certificate)) {
      config.certificates.push_back(std::move(certificate));
    }
  }
}

// -- policy ---------------------------------------------------------------------------------------------------------

void read_dhparam(SchemaReader& reader, const ConfigValue& value, ServerConfig& config) {
  if (value.is(ConfigValue::Kind::string) && value.text == "auto") {
    config.dhparam_auto = true;
  } else {
    config.dhparam_file = secret_file(reader, value);
  }
}

/// Nothing is not the same as what the profile says, so it is not taken for that.
void refuse_empty(SchemaReader& reader, const ConfigValue& value, const std::string& what) {
  reader.error(value.at, "empty: " + what, {"", "leave the key out for the default", ""});
}

void read_ciphers(SchemaReader& reader, const ConfigValue& value, ServerConfig& config) {
  const auto text = reader.string(value);
  if (!text) return;
  if (text->find_first_not_of(": \t") == std::string::npos)
    return refuse_empty(reader, value, "no cipher suite is named");
  config.ciphers = *text;
}

std::vector<std::string> groups_of(std::string_view rest) {
  std::vector<std::string> groups;
  while (!rest.empty()) {
    const std::size_t length = std::min(rest.find(':'), rest.size());
    if (length > 0) groups.emplace_back(rest.substr(0, length));
    rest.remove_prefix(std::min(length + 1, rest.size()));
  }
  return groups;
}

void read_groups(SchemaReader& reader, const ConfigValue& value, ServerConfig& config) {
  const bool text = value.is(ConfigValue::Kind::string);
  config.groups = text ? groups_of(value.text) : reader.strings(value);
  const bool list = value.is(ConfigValue::Kind::list) && value.items.empty();
  if (config.groups.empty() && (text || list)) refuse_empty(reader, value, "no group is named");
}

/// YAML takes 1.2 for a number, and so may whoever writes JSON.
void read_min_version(SchemaReader& reader, const ConfigValue& value, ServerConfig& config) {
  const bool number = value.is(ConfigValue::Kind::number);
  if (!number && !reader.expect(value, ConfigValue::Kind::string)) return;
  const std::string version = number ? fmt::format("{}", value.number) : value.text;
  config.tls13_only = version == "1.3";
  if (version == "1.2" || version == "1.3") return;
  const bool old = version == "1.0" || version == "1.1" || version == "1";
  reader.error(value.at,
               old ? "TLS 1.0 and 1.1 are broken (RFC 8996) and cap the grade at B: they are not spoken"
                   : "unknown version of TLS",
               {"\"1.2\" or \"1.3\"", "", ""});
}

// -- clients, tickets -------------------------------------------------------------------------------------------------

tls::ClientAuthConfig& client_auth(ServerConfig& config) { return config.client_auth; }

std::vector<Field<tls::ClientAuthConfig>> client_auth_fields() {
  using A = tls::ClientAuthConfig;
  return {
      files_row("ca_certificates", &A::ca_files, "Who may sign certificates of clients, which then need one."),
      choice("client_auth", &A::mode,
             {{"required", ClientAuth::required}, {"optional", ClientAuth::optional}, {"none", ClientAuth::none}},
             "Whether clients need a certificate; absent: required where there are ca_certificates.")
          .reloads(),
      integer("verify_depth", &A::depth, 0, 100, "Intermediates allowed between a client's certificate and the root.")
          .reloads(),
      files_row("crl", &A::crl_files, "Revocation lists of the ca_certificates, PEM or DER."),
  };
}

/// An error at one key of `dict`, said when all of it is read.
void error_at(SchemaReader& reader, const ConfigValue& dict, const std::string& key, const std::string& message,
              const std::string& hint) {
  const ConfigValue* value = dict.find(key);
  if (value == nullptr) return;
  SchemaReader::Step step(reader, key);
  reader.error(value->at, message, {"", hint, ""});
}

/// Whoever names any of these thinks that clients are verified, so a part that is missing is no trifle.
void finish_client_auth(SchemaReader& reader, const ConfigValue& dict, ServerConfig& config) {
  const bool mode_given = dict.find("client_auth") != nullptr;
  if (const ConfigValue* authorities = dict.find("ca_certificates")) {
    if (!mode_given) config.client_auth.mode = ClientAuth::required;
    if (!authorities->is(ConfigValue::Kind::list) || !authorities->items.empty()) return;
    return error_at(reader, dict, "ca_certificates", "an empty list lets no client in",
                    "name the file of whoever signs the certificates of clients, or leave the key out");
  }
  if (mode_given && config.client_auth.mode == ClientAuth::none) return;
  for (const char* key : {"client_auth", "verify_depth", "crl"}) {
    error_at(reader, dict, key, fmt::format("\"{}\" without \"ca_certificates\"", key),
             "name the file of whoever signs the certificates of clients");
  }
}

void read_ticket_key_files(SchemaReader& reader, const ConfigValue& value, TicketConfig& tickets) {
  tickets.key_files = secret_files(reader, value);
  if (value.is(ConfigValue::Kind::list) && value.items.empty()) refuse_empty(reader, value, "no key is named");
}

void warn_of_rotate(SchemaReader& reader, const ConfigValue& dict, TicketConfig& tickets) {
  const ConfigValue* rotate = dict.find("rotate");
  if (rotate == nullptr || tickets.key_files.empty()) return;
  SchemaReader::Step step(reader, std::string("rotate"));
  reader.warning(rotate->at, "has no effect beside \"key_files\": the node does not change keys from files",
                 {"", "leave it out, and change the files", ""});
}

const Table<TicketConfig>& tickets_table() {
  static const Table<TicketConfig> table(
      "session_tickets",
      {
          integer("rotate", &TicketConfig::rotate_s, 1, 604'800, "Seconds until a new key is made.").reloads(),
          Field<TicketConfig>("key_files", "a list of paths",
                              "Keys of 48 or 80 random octets that several machines share; the first one encrypts.",
                              read_ticket_key_files)
              .reloads(),
      },
      warn_of_rotate);
  return table;
}

void read_tickets(SchemaReader& reader, const ConfigValue& value, ServerConfig& config) {
  if (value.is(ConfigValue::Kind::dict)) {
    reader.read(value, tickets_table(), config.tickets);
  } else if (const auto enabled = reader.boolean(value)) {
    config.tickets.enabled = *enabled;
  }
}

std::vector<Field<ServerConfig>> own_fields() {
  using S = ServerConfig;
  Field<S> certificates("certificates", "a list of dictionaries",
                        "Further pairs, or all of them; clients get the one that fits their name and abilities.",
                        read_certificates);
  certificates.nested = [](std::vector<std::string>& seen) { return describe_table(certificate_table(), seen); };
  Field<S> tickets("session_tickets", "true, false or a dictionary", "Whether clients may resume their sessions.",
                   read_tickets);
  tickets.nested = [](std::vector<std::string>& seen) { return describe_table(tickets_table(), seen); };
  return {
      std::move(certificates).reloads(),
      Field<S>("dhparam", "a path or \"auto\"",
               "Diffie-Hellman parameters of 2048 bits or more, or those of RFC 7919; absent: only ECDHE.",
               read_dhparam)
          .reloads(),
      Field<S>("ciphers", "a string", "Cipher list of TLS 1.2 in OpenSSL's syntax; absent: that of the profile.",
               read_ciphers)
          .reloads(),
      Field<S>("groups", "a list of strings, or one string with colons",
               "Groups of the key exchange, the best first; absent: those of the profile.", read_groups)
          .reloads(),
      choice("profile", &S::profile,
             {{"modern", tls::Profile::modern}, {"strict", tls::Profile::strict}, {"seed2014", tls::Profile::seed2014}},
             "A named set of versions, suites and groups.")
          .reloads(),
      Field<S>("min_version", "\"1.2\" or \"1.3\"", "The oldest version of TLS that is spoken.", read_min_version)
          .preset("1.2")
          .reloads(),
      choice("key_permissions", &S::key_permissions,
             {{"refuse", tls::KeyPermissions::refuse}, {"warn", tls::KeyPermissions::warn}},
             "What becomes of a key that others can read, or that belongs to somebody else.")
          .reloads(),
      std::move(tickets).preset(true).reloads(),
      flag("ocsp_stapling", &S::stapling, "Whether OCSP responses are fetched and stapled.").reloads(),
      acme_field(),
  };
}

/// The pair at the top, or else none; beside `acme` and further ones it is not needed.
void finish_top_pair(SchemaReader& reader, const ConfigValue& dict, ServerConfig& config) {
  const ConfigValue* further = dict.find("certificates");
  const bool has_top_pair = dict.find("key") != nullptr || dict.find("certificate") != nullptr;
  const bool has_others = config.acme || (further != nullptr && !further->items.empty());
  if (has_top_pair || !has_others) return check_pair(reader, dict, "tls");
  for (const char* key : {"chain_certificates", "key_passphrase", "ocsp_staple"}) {
    error_at(reader, dict, key, fmt::format("\"{}\" without \"key\" and \"certificate\" beside it", key),
             config.acme ? "what \"acme\" gets needs none: leave it out"
                         : "put it into the entry of \"certificates\" that it belongs to");
  }
  if (!config.certificates.empty()) config.certificates.erase(config.certificates.begin());
}

std::vector<std::pair<std::string, Place>> places_of_keys(SchemaReader& reader, const ConfigValue& dict) {
  std::vector<std::pair<std::string, Place>> places;
  for (const ConfigMember& member : dict.members) {
    SchemaReader::Step step(reader, member.key);
    places.emplace_back(member.key, reader.here(member.value.at));
  }
  return places;
}

void finish_tls(SchemaReader& reader, const ConfigValue& dict, ServerConfig& config) {
  finish_client_auth(reader, dict, config);
  finish_top_pair(reader, dict, config);
  for (const CertificateConfig& one : config.certificates) {
    if (one.key_file.empty() || one.certificate_file.empty()) return;  // said already
  }
  const bool acme = config.acme && !config.acme->domains.empty();
  if (config.certificates.empty() && !acme) return;
  reader.facts.tls.push_back({reader.here(dict.at), config, places_of_keys(reader, dict)});
  if (acme) config.certificates.push_back(acme_certificate(acme_files(*config.acme)));
}

}  // namespace

std::string secret_file(SchemaReader& reader, const ConfigValue& value) {
  const auto path = reader.path(value);
  if (!path) return "";
  reader.facts.protected_files.push_back(*path);
  reader.facts.files.push_back({reader.here(value.at), *path, FileUse::Need::file});
  return *path;
}

const Table<ServerConfig>& tls_table() {
  static const Table<ServerConfig> table(
      "tls", join(join(lift(pair_fields(), top_pair), lift(client_auth_fields(), client_auth)), own_fields()),
      finish_tls);
  return table;
}

}  // namespace transom::node
