// WebSocket services: their options, serializers, cookies.
#include <fmt/format.h>

#include <algorithm>

#include "node/config/schema_tables.h"
#include "wire/url.h"

namespace transom::node {
namespace {

using serve::WebSocketConfig;
using serve::WebSocketOptions;
using O = WebSocketOptions;

constexpr std::int64_t kLargestMessage = 64 * 1024 * 1024;
constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLongestTime = 0x7fffffff;

/// Milliseconds: 0 (off) or a second and more, since smaller numbers are seconds by mistake.
/// `when_off` says what switching it off leads to; empty: it cannot be, 0 means the default.
Field<O> milliseconds(std::string name, std::uint32_t O::*member, std::string meaning, std::string when_off) {
  const auto setter = [=](SchemaReader& reader, const ConfigValue& value, O& options) {
    const auto time = reader.integer(value, 0, kLongestTime);
    if (!time) return;
    if (*time > 0 && *time < 1000) {
      return reader.error(value.at, fmt::format("{} ms is too short: the unit is milliseconds", *time),
                          {"0 or at least 1000", "", ""});
    }
    if (*time == 0 && when_off.empty()) {
      return reader.warning(value.at, fmt::format("it cannot be switched off: {} is used", options.*member));
    }
    if (*time == 0) reader.warning(value.at, "0 switches it off: " + when_off);
    options.*member = static_cast<std::uint32_t>(*time);
  };
  return Field<O>(std::move(name), "milliseconds: 0 or at least 1000", std::move(meaning), setter)
      .preset(O{}.*member)
      .within(0, kLongestTime);
}

/// A size in octets, never without a limit.
Field<O> size_limit(std::string name, std::uint64_t O::*member, std::int64_t max, std::string meaning) {
  const auto setter = [=](SchemaReader& reader, const ConfigValue& value, O& options) {
    const auto size = reader.integer(value, 0, max);
    if (!size) return;
    const bool beyond = *size == 0 || *size > kLargestMessage;
    if (beyond) reader.warning(value.at, fmt::format("there is always a limit: {} is taken as 67108864", *size));
    options.*member = static_cast<std::uint64_t>(beyond ? kLargestMessage : *size);
  };
  return Field<O>(std::move(name), "octets", std::move(meaning), setter).preset(O{}.*member).within(0, kLargestMessage);
}

void read_allowed_origins(SchemaReader& reader, const ConfigValue& value, O& options) {
  options.allowed_origins = reader.strings(value);
  if (value.is(ConfigValue::Kind::list) && value.items.empty()) {
    reader.warning(value.at, "an empty list refuses every web page");
  }
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    const ConfigValue& item = value.items[i];
    const bool can_match = item.text.find('*') != std::string::npos || item.text.find("://") != std::string::npos;
    if (!item.is(ConfigValue::Kind::string) || can_match) continue;
    SchemaReader::Step step(reader, i);
    reader.warning(item.at, "matches no origin: the scheme is missing",
                   {"a pattern like \"https://example.com\" or \"https://*.example.com:*\"", "", ""});
  }
}

void read_external_port(SchemaReader& reader, const ConfigValue& value, O& options) {
  if (value.is(ConfigValue::Kind::null)) return;
  if (const auto port = reader.integer(value, 1, 65535)) options.external_port = static_cast<std::uint16_t>(*port);
}

/// The protocol version of RFC 6455 cannot be switched off: nothing would be left.
void read_rfc6455(SchemaReader& reader, const ConfigValue& value, O&) {
  const auto on = reader.boolean(value);
  if (on && !*on) reader.error(value.at, "without RFC 6455 no client can connect", {"true", "", ""});
}

std::vector<Field<O>> built_options() {
  return {
      Field<O>("allowed_origins", "a list of patterns", "Web pages that may connect.", read_allowed_origins)
          .preset(O{}.allowed_origins)
          .reloads(),
      flag("allow_null_origin", &O::allow_null_origin, "Pages of files and sandboxes may connect.").reloads(),
      Field<O>("external_port", "an integer or null", "The port that clients see, behind a proxy.", read_external_port)
          .within(1, 65535),
      milliseconds("open_handshake_timeout", &O::open_handshake_timeout_ms, "Time for the upgrade, and for HELLO.", ""),
      milliseconds("close_handshake_timeout", &O::close_handshake_timeout_ms, "Time for the peer's close frame.",
                   "closing connections may be kept for ever"),
      flag("enable_webstatus", &O::enable_webstatus, "A plain GET shows a page."),
      flag("require_masked_client_frames", &O::require_masked_client_frames, "Frames of clients must be masked."),
      size_limit("max_frame_size", &O::max_frame_size, kNoLimit, "Largest frame taken."),
      size_limit("max_message_size", &O::max_message_size, kLargestMessage, "Largest message taken."),
      integer("auto_fragment_size", &O::auto_fragment_size, 0, kNoLimit,
              "Larger messages are sent in pieces; 0: never."),
      flag("fail_by_drop", &O::fail_by_drop, "A protocol error drops the connection without a close frame."),
      flag("echo_close_codereason", &O::echo_close_codereason, "The peer's close code and reason are sent back."),
      flag("tcp_nodelay", &O::tcp_nodelay, "Small writes are sent at once."),
      milliseconds("auto_ping_interval", &O::auto_ping_interval_ms, "Time between pings.",
                   "connections lost without notice are never found"),
      milliseconds("auto_ping_timeout", &O::auto_ping_timeout_ms, "Time for the pong.",
                   "connections lost without notice are never found"),
      integer("auto_ping_size", &O::auto_ping_size, 12, 125, "Octets of a ping."),
      flag("require_websocket_subprotocol", &O::require_websocket_subprotocol,
           "A client must offer a subprotocol; else it is taken as wamp.2.json."),
      flag("show_server_version", &O::show_server_version, "The Server header tells the version."),
  };
}

std::vector<Field<O>> accepted_options() {
  return {
      accepted_flag<O>("enable_hybi10", "A draft of the protocol; no client of today speaks it."),
      Field<O>("enable_rfc6455", "true or false", "The protocol itself.", read_rfc6455).preset(true),
      always<O>("validate_utf8", true, "RFC 6455 demands that text is checked"),
      always<O>("mask_server_frames", false, "RFC 6455 forbids servers to mask"),
      always<O>("apply_mask", true, "RFC 6455 demands that masks are applied"),
      always<O>("auto_ping_restart_on_any_traffic", true, "any traffic shows that the peer is there"),
      always<O>("enable_flash_policy", false, "Flash is gone"),
      accepted<O>("flash_policy", "Flash is gone."),
      convenience<O>("compression", "permessage-deflate."),
  };
}

// -- a WebSocket service --------------------------------------------------------------------------------------------

void read_url(SchemaReader& reader, const ConfigValue& value, WebSocketConfig& websocket) {
  auto text = reader.string(value);
  if (!text) return;
  const auto url = wire::parse_url(*text);
  if (!url) return reader.error(value.at, "no valid URL: " + url.error().message, {"a ws:// or wss:// URL", "", ""});
  if (url->scheme != "ws" && url->scheme != "wss") {
    return reader.error(value.at, fmt::format("the scheme \"{}\" is not for WebSocket", url->scheme),
                        {"a ws:// or wss:// URL", "", ""});
  }
  websocket.url = std::move(*text);
}

void read_serializers(SchemaReader& reader, const ConfigValue& value, WebSocketConfig& websocket) {
  static const std::vector<std::string> kNames = {"json", "msgpack", "cbor", "ubjson", "flatbuffers"};
  constexpr std::size_t kBuilt = 3;  // the first ones, in the order of wamp::SerializerId
  if (!reader.expect(value, ConfigValue::Kind::list)) return;
  std::vector<wamp::SerializerId> chosen;
  bool all_right = true;
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    SchemaReader::Step step(reader, i);
    const auto index = reader.choice(value.items[i], kNames);
    all_right = all_right && index.has_value();
    if (!index) continue;
    if (*index >= kBuilt) {
      const std::string message = fmt::format("serializer \"{}\" is not built yet: ignored", kNames[*index]);
      reader.absent_convenience(value.items[i].at, "serializer " + kNames[*index], message);
      continue;
    }
    const auto id = static_cast<wamp::SerializerId>(*index);
    if (std::find(chosen.begin(), chosen.end(), id) == chosen.end()) chosen.push_back(id);
  }
  if (!chosen.empty()) {
    websocket.serializers = std::move(chosen);
  } else if (all_right) {
    reader.error(value.at, "no serializer is left", {"\"json\", \"msgpack\" or \"cbor\"", "", ""});
  }
}

struct NoTarget {};

void read_cookie_file(SchemaReader& reader, const ConfigValue& value, NoTarget&) {
  if (const auto path = reader.path(value)) reader.facts.protected_files.push_back(*path);
}

const Table<NoTarget>& cookie_store_table() {
  using N = NoTarget;
  static const Table<N> table("cookie store", {
                                                  Field<N>("type", "a string", "The kind of store.",
                                                           [](SchemaReader& reader, const ConfigValue& value, N&) {
                                                             reader.choice(value, {"memory", "file", "database"});
                                                           })
                                                      .needed()
                                                      .one_of({"memory", "file", "database"}),
                                                  Field<N>("filename", "a path", "The file.", read_cookie_file),
                                                  Field<N>("path", "a path", "The database.", read_cookie_file),
                                                  accepted_flag<N>("purge_on_startup", "Starts empty."),
                                                  accepted<N>("maxsize", "Size of the database."),
                                                  accepted_flag<N>("readonly", "Nothing is written."),
                                                  accepted_flag<N>("sync", "Writes are flushed."),
                                              });
  return table;
}

const Table<NoTarget>& cookie_table() {
  using N = NoTarget;
  const std::string way_out = "take the flag out, or the cookie";
  const auto within = [](std::int64_t min, std::int64_t max) {
    return [=](SchemaReader& reader, const ConfigValue& value, N&) { reader.integer(value, min, max); };
  };
  static const Table<N> table(
      "cookie",
      {
          Field<N>("name", "a string", "The cookie's name.",
                   [](SchemaReader& reader, const ConfigValue& value, N&) { reader.string(value); }),
          Field<N>("length", "an integer", "Its length.", within(6, 64)).within(6, 64),
          Field<N>("max_age", "an integer", "Its life in seconds.", within(1, 315'360'000)).within(1, 315'360'000),
          restricting<N>("secure", "Only over TLS.", way_out),
          restricting<N>("http_strict", "Hidden from scripts.", way_out),
          restricting<N>("same_site", "Not sent by other sites.", way_out),
          part<N>("store", cookie_store_table, "Where cookies are kept."),
      });
  return table;
}

Field<WebSocketConfig> cookie_field() {
  Field<WebSocketConfig> field("cookie", "a dictionary", "Tracks clients by a cookie.",
                               [](SchemaReader& reader, const ConfigValue& value, WebSocketConfig&) {
                                 reader.absent_convenience(value.at, "cookie",
                                                           "\"cookie\" is not built yet: no cookie is set");
                                 NoTarget none;
                                 reader.read(value, cookie_table(), none);
                               });
  field.nested = [](std::vector<std::string>& seen) { return describe_table(cookie_table(), seen); };
  return std::move(field).handled_as(Support::convenience);
}

void read_auth(SchemaReader& reader, const ConfigValue& value, WebSocketConfig& websocket) {
  // Set before it is read: whatever is wrong in it, nobody gets in without.
  websocket.auth.emplace();
  reader.read(value, auth_table(), *websocket.auth);
}

}  // namespace

const Table<WebSocketOptions>& websocket_options_table() {
  static const Table<O> table("websocket options", join(built_options(), accepted_options()));
  return table;
}

std::vector<Field<WebSocketConfig>> websocket_fields() {
  using W = WebSocketConfig;
  Field<W> auth("auth", "a dictionary", "Who gets in; absent: everybody, as role \"anonymous\".", read_auth);
  auth.nested = [](std::vector<std::string>& seen) { return describe_table(auth_table(), seen); };
  return {
      Field<W>("url", "a string", "The ws or wss URL shown on the status page.", read_url),
      Field<W>("serializers", "a list of names", "The serializers to offer.", read_serializers)
          .preset({"cbor", "msgpack", "json"})
          .one_of({"json", "msgpack", "cbor", "ubjson", "flatbuffers"}),
      accepted_flag<W>("debug", "More logging of this transport."),
      object("options", &W::options, websocket_options_table, "Options of the protocol."),
      std::move(auth).reloads(),
      cookie_field(),
  };
}

void finish_websocket(SchemaReader& reader, const ConfigValue& dict, WebSocketConfig& websocket) {
  using wamp::SerializerId;
  if (websocket.serializers.empty()) {
    websocket.serializers = {SerializerId::cbor, SerializerId::msgpack, SerializerId::json};
  }
  if (!websocket.auth) reader.facts.roles.push_back({reader.here(dict.at), "", "anonymous", true});
  const ConfigValue* options = dict.find("options");
  const ConfigValue* origins = options == nullptr ? nullptr : options->find("allowed_origins");
  const ConfigValue* cookie = dict.find("cookie");
  const auto& patterns = websocket.options.allowed_origins;
  const bool open = std::find(patterns.begin(), patterns.end(), "*") != patterns.end();
  if (!open) return;
  const std::string hint = "list the origins of your pages, such as \"https://example.com\"";
  if (cookie != nullptr) {
    SchemaReader::Step step(reader, "cookie");
    reader.error(cookie->at, "never together with \"allowed_origins\" of \"*\": any web page could use the cookie",
                 {"", hint, ""});
  } else if (origins == nullptr) {
    reader.absent_convenience(dict.at, "allowed_origins",
                              "\"allowed_origins\" is not set: any web page may connect; " + hint);
  }
}

}  // namespace transom::node
