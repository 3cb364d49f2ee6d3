// Transports: `web` and `websocket`, and those that are known but not built.
#include <fmt/format.h>

#include <utility>

#include "node/config/schema_tables.h"
#include "serve/https_hosts.h"

namespace transom::node {
namespace {

using serve::TransportConfig;
using serve::WebOptions;
using serve::WebSocketConfig;
using T = TransportConfig;

Field<T> endpoint_field() { return object("endpoint", &T::endpoint, endpoint_variants, "Where it listens.").needed(); }

WebSocketConfig& websocket_of(T& transport) {
  if (!transport.websocket) transport.websocket.emplace();
  return *transport.websocket;
}

/// `auth.tls` would let nobody in where the endpoint asks nobody for a certificate.
void check_client_certificates(SchemaReader& reader, const T& transport) {
  const auto& tls = transport.endpoint.tls;
  const bool asked = tls && tls->client_auth.mode != tls::ClientAuth::none;
  for (const Place& place : std::exchange(reader.facts.client_certificates, {})) {
    if (asked) continue;
    reader.report(Diagnostic::Severity::error, place,
                  tls ? "the endpoint asks nobody for a certificate" : "client certificates need TLS",
                  {"",
                   tls ? "add \"ca_certificates\" (who signs them) to the endpoint's \"tls\""
                       : "add \"tls\" with \"ca_certificates\" to the endpoint",
                   ""});
  }
}

const Table<T>& websocket_table() {
  static const Table<T> table(
      "websocket transport",
      join({accepted<T>("type", "The kind of transport."), identifier(&T::id), endpoint_field()},
           lift<T, WebSocketConfig>(websocket_fields(), websocket_of)),
      [](SchemaReader& reader, const ConfigValue& dict, T& transport) {
        finish_websocket(reader, dict, websocket_of(transport));
        check_client_certificates(reader, transport);
      });
  return table;
}

/// Port 443 over TLS is a public web server, whose browsers should come back over TLS only. Elsewhere HSTS would reach
/// beyond its own port, so that it has to be asked for.
void decide_hsts(SchemaReader& reader, const ConfigValue& dict, T& transport) {
  const ConfigValue* options = dict.find("options");
  const ConfigValue* hsts = options == nullptr ? nullptr : options->find("hsts");
  if (hsts == nullptr) {
    transport.web.hsts = transport.endpoint.tls && transport.endpoint.port == 443;
  } else if (transport.web.hsts && !transport.endpoint.tls) {
    SchemaReader::Step step(reader, "options");
    SchemaReader::Step key(reader, "hsts");
    reader.warning(hsts->at, "browsers ignore HSTS that does not come over TLS",
                   {"", "add \"tls\" to the endpoint", ""});
  }
}

/// A name as certificates write it, or an IP address.
void add_redirect_host(SchemaReader& reader, const ConfigValue& value, serve::HttpsRedirectConfig& redirect) {
  const auto text = reader.string(value);
  if (!text) return;
  const bool wildcard = text->starts_with("*.");
  const bool v6 = text->find(':') != text->npos;
  const std::string host = serve::host_of_field(v6 ? "[" + *text + "]" : text->substr(wildcard ? 2 : 0));
  if (host.empty()) {
    return reader.error(value.at, "no host name", {"a name, \"*.\" and a name, or an IP address; no port", "", ""});
  }
  redirect.hosts.push_back(wildcard ? "*." + host : host);
}

/// Only the presence of "redirect" makes one.
void finish_redirect(SchemaReader& reader, const ConfigValue& dict, T& transport) {
  const ConfigValue* redirect = dict.find("redirect");
  if (redirect == nullptr) {
    transport.https_redirect.reset();
    for (const char* key : {"redirect_hosts", "redirect_port"}) {
      SchemaReader::Step step(reader, key);
      if (const ConfigValue* unused = dict.find(key))
        reader.warning(unused->at, "has no effect without \"redirect\"", {"", "add \"redirect\": \"https\"", ""});
    }
    return;
  }
  SchemaReader::Step step(reader, "redirect");
  if (transport.endpoint.tls) {
    return reader.error(redirect->at, "a transport with \"tls\" has nothing better to redirect to",
                        {"", "set it on a transport without \"tls\"", ""});
  }
  reader.facts.redirects.push_back(reader.here(redirect->at));
}

void finish_web(SchemaReader& reader, const ConfigValue& dict, T& transport) {
  check_client_certificates(reader, transport);
  decide_hsts(reader, dict, transport);
  finish_redirect(reader, dict, transport);
  const ConfigValue* paths = dict.find("paths");
  if (paths == nullptr && dict.find("redirect") == nullptr) {
    reader.error(dict.at, "web transport without \"paths\"", {"", "add it: the services of the port", ""});
  }
  if (transport.https_redirect || paths == nullptr || !paths->is(ConfigValue::Kind::dict) ||
      paths->find("/") != nullptr)
    return;
  SchemaReader::Step step(reader, "paths");
  reader.warning(paths->at, "no \"/\": what no other path takes gets 404");
}

serve::HttpsRedirectConfig& redirect_of(T& transport) {
  if (!transport.https_redirect) transport.https_redirect.emplace();
  return *transport.https_redirect;
}

/// Without "redirect" itself they are taken back by `finish_redirect`.
std::vector<Field<T>> redirect_fields() {
  Field<T> redirect("redirect", "\"https\"", "All requests are sent on to the same address over TLS.",
                    [](SchemaReader& reader, const ConfigValue& value, T& transport) {
                      if (reader.choice(value, {"https"})) redirect_of(transport);
                    });
  Field<T> hosts("redirect_hosts", "a list of names", "Host names to redirect besides those of the certificates.",
                 [](SchemaReader& reader, const ConfigValue& value, T& transport) {
                   if (!reader.expect(value, ConfigValue::Kind::list)) return;
                   for (std::size_t i = 0; i < value.items.size(); ++i) {
                     SchemaReader::Step step(reader, i);
                     add_redirect_host(reader, value.items[i], redirect_of(transport));
                   }
                 });
  Field<T> port("redirect_port", "an integer", "The TLS port as clients see it; absent: that of the TLS transport.",
                [](SchemaReader& reader, const ConfigValue& value, T& transport) {
                  const auto number = reader.integer(value, 1, 65535);
                  if (number) redirect_of(transport).port = static_cast<std::uint16_t>(*number);
                });
  return {std::move(redirect).one_of({"https"}), std::move(hosts), std::move(port).within(1, 65535)};
}

const Table<T>& web_table() {
  Field<T> paths(
      "paths", "a dictionary", "A service for each first component of the URL's path.",
      [](SchemaReader& reader, const ConfigValue& value, T& transport) { read_paths(reader, value, transport.paths); });
  paths.nested = describe_paths;
  static const Table<T> table("web transport",
                              join(
                                  {
                                      accepted<T>("type", "The kind of transport."),
                                      identifier(&T::id),
                                      endpoint_field(),
                                      std::move(paths),
                                      object("options", &T::web, web_options_table, "Options of the HTTP server."),
                                  },
                                  redirect_fields()),
                              finish_web);
  return table;
}

void read_client_timeout(SchemaReader& reader, const ConfigValue& value, WebOptions& options) {
  if (value.is(ConfigValue::Kind::null)) return;
  const auto seconds = reader.integer(value, 1, 86'400);
  if (seconds) options.client_timeout_ms = static_cast<std::uint32_t>(*seconds * 1000);
}

Variant<T> built(const char* name, const Table<T>& (*table)()) {
  return {
      name, Support::built, "", [table]() -> const TableBase& { return table(); },
      [table](SchemaReader& reader, const ConfigValue& dict, T& transport) { reader.read(dict, table(), transport); }};
}

/// Nothing listens where such a transport stands, so nothing is more open than its owner thinks.
Variant<T> unbuilt(const char* name, std::vector<std::string> keys) {
  keys.insert(keys.end(), {"id", "type", "endpoint"});
  const auto table = known_keys(fmt::format("{} transport", name), keys);
  return {name, Support::convenience, "", table, nullptr};
}

}  // namespace

const Table<WebOptions>& web_options_table() {
  using W = WebOptions;
  static const Table<W> table(
      "web options",
      {
          flag("access_log", &W::access_log, "Each request is logged."),
          always<W>("display_tracebacks", false, "there are no tracebacks to show"),
          flag("hsts", &W::hsts, "Browsers are told to use TLS only; absent: over TLS on port 443.")
              .preset(nullptr)
              .reloads(),
          integer("hsts_max_age", &W::hsts_max_age_s, 0, std::numeric_limits<std::int64_t>::max(),
                  "For how many seconds.")
              .reloads(),
          Field<W>("client_timeout", "seconds, or null", "Time an idle connection is kept.", read_client_timeout)
              .preset(W{}.client_timeout_ms / 1000)
              .within(1, 86'400)
              .reloads(),
      });
  return table;
}

const Variants<TransportConfig>& transport_variants() {
  static const Variants<T> variants("transport", "type", "",
                                    {
                                        built("web", web_table),
                                        built("websocket", websocket_table),
                                        unbuilt("rawsocket", {"serializers", "debug", "options", "auth"}),
                                        unbuilt("universal", {"rawsocket", "websocket", "mqtt", "web"}),
                                        unbuilt("mqtt", {"options", "auth"}),
                                        unbuilt("flashpolicy", {"allowed_domain", "allowed_ports"}),
                                        unbuilt("websocket.testee", {"url", "debug", "options"}),
                                        unbuilt("stream.testee", {"debug"}),
                                    });
  return variants;
}

}  // namespace transom::node
