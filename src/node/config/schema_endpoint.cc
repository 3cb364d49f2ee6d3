// Where a transport listens: TCP ports and Unix sockets.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>

#include "node/config/schema_tables.h"

namespace transom::node {
namespace {

using serve::EndpointConfig;
using E = EndpointConfig;

bool is_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

/// 4, 6, or (an addition of ours) "dual": one IPv6 socket that takes IPv4 as well.
void read_version(SchemaReader& reader, const ConfigValue& value, E& endpoint) {
  if (value.is(ConfigValue::Kind::string) && value.text == "dual") {
    endpoint.family = E::Family::dual;
  } else if (value.is(ConfigValue::Kind::integer) && (value.integer == 4 || value.integer == 6)) {
    endpoint.family = value.integer == 4 ? E::Family::v4 : E::Family::v6;
  } else {
    reader.error(value.at, "no IP version", {"4, 6 or \"dual\" (both)", "", ""});
  }
}

/// "$VAR" in place of a number.
void read_port_variable(SchemaReader& reader, const ConfigValue& value, E& endpoint) {
  if (value.text.empty() || value.text[0] != '$' || !is_name(value.text.substr(1))) {
    return reader.error(value.at, "needs an integer, not a string", {"1 to 65535 or \"$VAR\"", "", ""});
  }
  const std::string name = value.text.substr(1);
  const auto text = reader.environment(name);
  if (!text) return reader.error(value.at, fmt::format("the environment variable {} is not set", name));
  unsigned port = 0;
  const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), port);
  if (problem != std::errc() || end != text->data() + text->size() || port < 1 || port > 65535) {
    return reader.error(value.at, fmt::format("the environment variable {} holds no port", name),
                        {"1 to 65535", "", ""});
  }
  endpoint.port = static_cast<std::uint16_t>(port);
}

void read_port(SchemaReader& reader, const ConfigValue& value, E& endpoint) {
  if (value.is(ConfigValue::Kind::string)) return read_port_variable(reader, value, endpoint);
  if (const auto port = reader.integer(value, 1, 65535)) endpoint.port = static_cast<std::uint16_t>(*port);
}

bool is_address(const std::string& text, int family) {
  in6_addr unused;
  return inet_pton(family, text.c_str(), &unused) == 1;
}

void add_interface(SchemaReader& reader, const ConfigValue& value, E& endpoint) {
  auto text = reader.string(value);
  if (!text) return;
  if (!is_address(*text, AF_INET) && !is_address(*text, AF_INET6) && *text != "localhost") {
    return reader.error(value.at, "no IP address", {"an address like \"127.0.0.1\" or \"::1\"; \"\" for all", "", ""});
  }
  endpoint.interfaces.push_back(std::move(*text));
}

/// One address as in Crossbar, or (an addition of ours) a list of them.
void read_interface(SchemaReader& reader, const ConfigValue& value, E& endpoint) {
  if (value.is(ConfigValue::Kind::string) && value.text.empty()) return;
  if (!value.is(ConfigValue::Kind::list)) return add_interface(reader, value, endpoint);
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    SchemaReader::Step step(reader, i);
    add_interface(reader, value.items[i], endpoint);
  }
}

/// Addresses decide the family where `version` says nothing, and must not contradict it where it does.
void match_family(SchemaReader& reader, const ConfigValue& dict, E& endpoint) {
  bool v4 = false, v6 = false;
  for (std::string& address : endpoint.interfaces) {
    if (address == "localhost") address = endpoint.family == E::Family::v6 ? "::1" : "127.0.0.1";
    (is_address(address, AF_INET6) ? v6 : v4) = true;
  }
  const ConfigValue* version = dict.find("version");
  if (version == nullptr && v6) endpoint.family = v4 ? E::Family::dual : E::Family::v6;
  const bool contradiction = (v6 && endpoint.family == E::Family::v4) || (v4 && endpoint.family == E::Family::v6);
  if (!contradiction) return;
  const ConfigValue* addresses = dict.find("interface");
  SchemaReader::Step step(reader, "interface");
  reader.error(addresses->at, "the address is not of the \"version\" given", {"", "set \"version\" to match", ""});
}

/// What the endpoint's port means for `acme` is judged when all ports are known.
void note_acme(SchemaReader& reader, const ConfigValue& dict, const E& endpoint) {
  const ConfigValue* tls = dict.find("tls");
  const ConfigValue* acme = tls == nullptr ? nullptr : tls->find("acme");
  if (acme == nullptr || !endpoint.tls || !endpoint.tls->acme) return;
  SchemaReader::Step to_tls(reader, "tls");
  SchemaReader::Step to_acme(reader, "acme");
  reader.facts.acme.push_back({reader.here(acme->at), endpoint});
}

void finish_tcp(SchemaReader& reader, const ConfigValue& dict, E& endpoint) {
  match_family(reader, dict, endpoint);
  if (dict.find("port") == nullptr && dict.find("portrange") == nullptr) {
    reader.error(dict.at, "tcp endpoint without \"port\"", {"", "add it: the port to listen on", ""});
  }
  if (endpoint.port == 0) return;
  note_acme(reader, dict, endpoint);
  SchemaReader::Step step(reader, "port");
  reader.facts.endpoints.push_back({reader.here(dict.find("port")->at), endpoint});
}

Field<E> backlog() { return integer("backlog", &E::backlog, 1, 65535, "Connections that wait to be accepted."); }

const Table<E>& tcp_table() {
  Field<E> tls("tls", "a dictionary", "Makes the port speak TLS.",
               [](SchemaReader& reader, const ConfigValue& value, E& endpoint) {
                 // Set before it is read: an endpoint in error must never look like one in the clear.
                 endpoint.tls.emplace();
                 reader.read(value, tls_table(), *endpoint.tls);
               });
  tls.nested = [](std::vector<std::string>& seen) { return describe_table(tls_table(), seen); };
  static const Table<E> table(
      "tcp endpoint",
      {
          accepted<E>("type", "The kind of endpoint."),
          Field<E>("version", "4, 6 or \"dual\"", "The version of IP; \"dual\" takes both on one port.", read_version)
              .preset(4),
          Field<E>("port", "an integer or \"$VAR\"", "The port to listen on.", read_port).within(1, 65535),
          restricting<E>("portrange", "Several ports.", "write one transport for each port"),
          Field<E>("interface", "an address or a list of addresses", "Where to listen; \"\" for all addresses.",
                   read_interface)
              .preset(""),
          backlog(),
          flag("shared", &E::shared, "The port may be shared with other processes (SO_REUSEPORT)."),
          integer("user_timeout", &E::user_timeout_ms, 0, 65535, "TCP_USER_TIMEOUT in milliseconds; 0: the system's."),
          std::move(tls),
      },
      finish_tcp);
  return table;
}

/// Puts in the value of each $VAR and ${VAR}; one that is not set is an error.
std::optional<std::string> expand_variables(SchemaReader& reader, const ConfigValue& value) {
  std::string result;
  const std::string& text = value.text;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '$') {
      result += text[i++];
      continue;
    }
    const bool braces = i + 1 < text.size() && text[i + 1] == '{';
    const std::size_t start = i + (braces ? 2 : 1);
    std::size_t end = start;
    while (end < text.size() && is_name(text.substr(start, end + 1 - start))) ++end;
    if (end == start || (braces && (end == text.size() || text[end] != '}'))) {
      result += text[i++];
      continue;
    }
    const std::string name = text.substr(start, end - start);
    const auto content = reader.environment(name);
    if (!content) {
      reader.error(value.at, fmt::format("the environment variable {} is not set", name));
      return std::nullopt;
    }
    result += *content;
    i = end + (braces ? 1 : 0);
  }
  return result;
}

void read_socket_path(SchemaReader& reader, const ConfigValue& value, E& endpoint) {
  constexpr std::size_t kLongestSocketPath = 107;  // sockaddr_un
  if (!reader.path(value)) return;
  const auto expanded = expand_variables(reader, value);
  if (!expanded) return;
  const std::string path = reader.resolve(*expanded);
  if (path.size() > kLongestSocketPath) {
    return reader.error(value.at, fmt::format("the path {} is too long for a socket", path),
                        {fmt::format("at most {} octets", kLongestSocketPath), "", ""});
  }
  endpoint.path = path;
  reader.facts.protected_files.push_back(path);
  reader.facts.endpoints.push_back({reader.here(value.at), endpoint});
}

const Table<E>& unix_table() {
  static const Table<E> table(
      "unix endpoint",
      {
          accepted<E>("type", "The kind of endpoint."),
          Field<E>("path", "a path", "The socket; $VAR and ${VAR} are put in.", read_socket_path).needed(),
          backlog(),
      });
  return table;
}

Variant<E> built(const char* name, E::Type type, const Table<E>& (*table)()) {
  return {name, Support::built, "", [table]() -> const TableBase& { return table(); },
          [table, type](SchemaReader& reader, const ConfigValue& dict, E& endpoint) {
            endpoint.type = type;
            reader.read(dict, table(), endpoint);
          }};
}

}  // namespace

const Variants<EndpointConfig>& endpoint_variants() {
  const auto twisted = known_keys("twisted endpoint", {"type", "server_string", "backlog"});
  const auto onion =
      known_keys("onion endpoint", {"type", "port", "version", "private_key_file", "tor_control_endpoint"});
  static const Variants<E> variants(
      "endpoint", "type", "",
      {
          built("tcp", E::Type::tcp, tcp_table),
          built("unix", E::Type::unix, unix_table),
          {"twisted", Support::restricting, "use type \"tcp\" or \"unix\"", twisted, nullptr},
          {"onion", Support::restricting, "listen on a unix socket and let Tor's own HiddenServicePort lead there",
           onion, nullptr},
      });
  return variants;
}

}  // namespace transom::node
