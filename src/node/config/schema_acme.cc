// `tls.acme`: certificates that the node gets by itself.
#include <algorithm>

#include "node/acme/files.h"
#include "node/config/schema_tables.h"
#include "tls/server_names.h"
#include "wire/url.h"

namespace transom::node {
namespace {

using A = tls::AcmeConfig;

constexpr std::size_t kMostDomains = 100;  // of Let's Encrypt, for one certificate
constexpr std::size_t kMostContacts = 10;
constexpr std::size_t kLongestContact = 254;
constexpr std::size_t kLongestUrl = 2048;

bool is_printable(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

/// An address in either family's form: its last label is a number, or it has colons.
bool looks_like_address(const std::string& text) {
  const std::string last = text.substr(text.rfind('.') + 1);
  const bool number =
      !last.empty() && std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; });
  return number || std::count(text.begin(), text.end(), ':') > 1;
}

void add_domain(SchemaReader& reader, const ConfigValue& value, A& acme) {
  const auto given = reader.string(value);
  if (!given) return;
  if (given->starts_with("*.")) {
    return reader.error(value.at, "a wildcard needs the challenge dns-01, which this node cannot answer",
                        {"", "name each host, such as \"www.example.com\"", ""});
  }
  if (looks_like_address(*given)) {
    return reader.error(value.at, "an IP address: certificates by ACME are for host names",
                        {"", "name the host, or get its certificate elsewhere and put it into \"certificates\"", ""});
  }
  auto name = tls::canonical_server_name(*given);
  if (!name) {
    return reader.error(value.at, "no host name",
                        {"a name such as \"www.example.com\", without \"https://\" and port",
                         "international names are written in their xn-- form", ""});
  }
  if (std::find(acme.domains.begin(), acme.domains.end(), *name) == acme.domains.end())
    acme.domains.push_back(std::move(*name));
}

void read_domains(SchemaReader& reader, const ConfigValue& value, A& acme) {
  if (!reader.expect(value, ConfigValue::Kind::list)) return;
  if (value.items.empty()) {
    return reader.error(value.at, "no domain: there is nothing to certify",
                        {"", "name the hosts by which clients reach this endpoint", ""});
  }
  if (value.items.size() > kMostDomains) {
    return reader.error(value.at, fmt::format("{} domains in one certificate", value.items.size()),
                        {fmt::format("at most {}", kMostDomains), "", ""});
  }
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    SchemaReader::Step step(reader, i);
    add_domain(reader, value.items[i], acme);
  }
}

/// RFC 8555 section 7.3: one address in each, and no header fields.
bool is_mail_address(const std::string& text) {
  const auto at = text.find('@');
  return at != std::string::npos && at > 0 && text.find('@', at + 1) == std::string::npos && is_printable(text) &&
         text.size() <= kLongestContact && text.find_first_of(",;?<>()\"\\") == std::string::npos &&
         tls::canonical_server_name(std::string_view(text).substr(at + 1)).has_value();
}

void add_contact(SchemaReader& reader, const ConfigValue& value, A& acme) {
  auto text = reader.string(value);
  if (!text) return;
  if (text->starts_with("mailto:")) text->erase(0, 7);
  if (!is_mail_address(*text)) {
    return reader.error(value.at, "no mail address", {"one such as \"admin@example.com\"; several in a list", "", ""});
  }
  if (acme.contacts.size() == kMostContacts) {
    return reader.error(value.at, "too many contacts", {fmt::format("at most {}", kMostContacts), "", ""});
  }
  acme.contacts.push_back(std::move(*text));
}

void read_contacts(SchemaReader& reader, const ConfigValue& value, A& acme) {
  if (!value.is(ConfigValue::Kind::list)) return add_contact(reader, value, acme);
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    SchemaReader::Step step(reader, i);
    add_contact(reader, value.items[i], acme);
  }
}

void read_directory(SchemaReader& reader, const ConfigValue& value, A& acme) {
  const auto text = reader.string(value);
  if (!text) return;
  if (*text == "letsencrypt") {
    acme.directory_url = A{}.directory_url;
  } else if (*text == "letsencrypt-staging") {
    acme.directory_url = "https://acme-staging-v02.api.letsencrypt.org/directory";
  } else {
    const auto url = wire::parse_url(*text);
    const bool good = url && url->scheme == "https" && text->size() <= kLongestUrl && is_printable(*text);
    if (good) acme.directory_url = *text;
    if (!good) {
      reader.error(value.at, "no directory of an ACME server",
                   {"an https:// URL, \"letsencrypt\" or \"letsencrypt-staging\"", "", ""});
    }
  }
}

const Table<A>& acme_table() {
  using Challenge = A::Challenge;
  static const Table<A> table(
      "acme",
      {
          Field<A>("domains", "a list of host names", "The names of the certificate, all in one.", read_domains)
              .needed()
              .reloads(),
          Field<A>("contact", "a mail address or a list of them", "Whom the certification authority may write to.",
                   read_contacts)
              .reloads(),
          Field<A>("directory", "an https:// URL, \"letsencrypt\" or \"letsencrypt-staging\"",
                   "The ACME server's directory.", read_directory)
              .preset("letsencrypt")
              .reloads(),
          Field<A>("ca", "a path", "Who vouches for the ACME server itself, PEM; absent: the system's authorities.",
                   [](SchemaReader& reader, const ConfigValue& value, A& acme) {
                     acme.ca_file = secret_file(reader, value);
                   })
              .reloads(),
          choice("challenge", &A::challenge, {{"http-01", Challenge::http_01}, {"tls-alpn-01", Challenge::tls_alpn_01}},
                 "How the authority sees that the domains are ours; absent: what it offers and what can be answered.")
              .reloads(),
      });
  return table;
}

bool has_plain_port_80(const SchemaReader& reader) {
  const auto& uses = reader.facts.endpoints;
  return std::any_of(uses.begin(), uses.end(), [](const EndpointUse& use) {
    return use.endpoint.type == serve::EndpointConfig::Type::tcp && use.endpoint.port == 80 && !use.endpoint.tls;
  });
}

/// Authorities ask on two ports only (RFC 8555 section 8.3, RFC 8737 section 3). That something leads from there to
/// other ports of ours is usual, so these are warnings.
void check_acme_ports(SchemaReader& reader, const Place& place, const serve::EndpointConfig& endpoint) {
  using Challenge = A::Challenge;
  const Challenge challenge = endpoint.tls->acme->challenge;
  const bool plain = has_plain_port_80(reader), secure = endpoint.port == 443;
  std::string message, hint;
  if (challenge == Challenge::http_01 && !plain) {
    message = "the challenge http-01 comes to port 80, where no transport without TLS listens";
    hint = "add one (a web transport with \"redirect\": \"https\" will do), or lead port 80 to a transport without TLS";
  } else if (challenge == Challenge::tls_alpn_01 && !secure) {
    message =
        fmt::format("the challenge tls-alpn-01 comes to port 443, and this endpoint listens on port {}", endpoint.port);
    hint = "listen on port 443, or lead that port here without ending TLS before";
  } else if (challenge == Challenge::automatic && !plain && !secure) {
    message = "challenges come to port 80 or 443, where nothing of this node listens";
    hint = "add a web transport without TLS on port 80, or lead one of these ports here";
  }
  if (!message.empty()) reader.report(Diagnostic::Severity::warning, place, message, {"", hint, ""});
}

/// What two endpoints say differently of something that they share; empty: nothing.
std::string contradiction(const A& one, const A& other) {
  const AcmeFiles files = acme_files(one), others = acme_files(other);
  if (files.account_key != others.account_key) return "";
  if (one.contacts != other.contacts) return "contact";
  if (files.certificate_directory != others.certificate_directory) return "";
  if (one.ca_file != other.ca_file) return "ca";
  return one.challenge != other.challenge ? "challenge" : "";
}

/// Else what the first one says would count without a word.
void check_acme_sharing(SchemaReader& reader, const AcmeUse& use, const AcmeUse& earlier) {
  const std::string key = contradiction(*use.endpoint.tls->acme, *earlier.endpoint.tls->acme);
  if (key.empty()) return;
  reader.report(Diagnostic::Severity::error, use.place,
                fmt::format("\"{}\" is not that of {}, with which this shares {}", key, earlier.place.path,
                            key == "contact" ? "the account" : "the certificate"),
                {"", fmt::format("write the same \"{}\" in both", key), ""});
}

}  // namespace

Field<tls::ServerConfig> acme_field() {
  using S = tls::ServerConfig;
  Field<S> field("acme", "a dictionary", "A certificate that the node gets, and renews, by ACME.",
                 [](SchemaReader& reader, const ConfigValue& value, S& config) {
                   config.acme.emplace();
                   config.acme->state_directory = reader.resolve(kAcmeDirectoryName);
                   reader.read(value, acme_table(), *config.acme);
                   reader.facts.protected_files.push_back(config.acme->state_directory);
                 });
  field.nested = [](std::vector<std::string>& seen) { return describe_table(acme_table(), seen); };
  return std::move(field).reloads();
}

void check_acme(SchemaReader& reader) {
  const auto& uses = reader.facts.acme;
  for (auto use = uses.begin(); use != uses.end(); ++use) {
    check_acme_ports(reader, use->place, use->endpoint);
    for (auto earlier = uses.begin(); earlier != use; ++earlier) check_acme_sharing(reader, *use, *earlier);
  }
}

}  // namespace transom::node
