#include "serve/http_upgrade.h"

#include "base/log.h"
#include "wamp/serializer.h"
#include "wire/origin.h"
#include "wire/ws_handshake.h"

namespace transom::serve {
namespace {

bool contains_websocket(std::string_view field) {
  std::string lower(field);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower.find("websocket") != std::string::npos;
}

/// The port that a Host field names; the scheme's own when it names none; 0 when it is none.
unsigned host_port(std::string_view host, bool secure) {
  const auto colon = host.rfind(':');
  const bool bare_v6 = !host.empty() && host.back() == ']';
  if (colon == std::string_view::npos || bare_v6) return secure ? 443 : 80;
  unsigned port = 0;
  for (const char c : host.substr(colon + 1)) {
    if (c < '0' || c > '9' || port > 65535) return 0;
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  return port;
}

std::optional<UpgradeRefused> check_port(const HttpRequest& request, const WebSocketOptions& options) {
  if (!options.external_port || host_port(request.header("host"), request.secure) == *options.external_port)
    return std::nullopt;
  return UpgradeRefused{400,
                        "The port in the Host field is not the one this server is reached at.",
                        fmt::format("WebSocket refused: the port in Host '{}' is not `external_port` {}",
                                    log_safe(request.header("host")), *options.external_port),
                        {}};
}

bool has_serializer(const WebSocketConfig& config, wamp::SerializerId id) {
  return std::find(config.serializers.begin(), config.serializers.end(), id) != config.serializers.end();
}

std::string spoken_subprotocols(const WebSocketConfig& config) {
  std::string names;
  for (const wamp::SerializerId id : config.serializers) {
    if (!names.empty()) names += ", ";
    names += wamp::serializer_info(id).subprotocol;
  }
  return names;
}

struct Choice {
  wamp::SerializerId serializer;
  std::string subprotocol;  // to be echoed; empty: the client named none
};

std::optional<Choice> choose_subprotocol(const std::vector<std::string>& offered, const WebSocketConfig& config) {
  for (const std::string& name : offered) {
    const auto id = wamp::serializer_by_subprotocol(name);
    if (id && has_serializer(config, *id)) return Choice{*id, name};
  }
  const bool json_unsaid = offered.empty() && !config.options.require_websocket_subprotocol;
  if (json_unsaid && has_serializer(config, wamp::SerializerId::json)) return Choice{wamp::SerializerId::json, {}};
  return std::nullopt;
}

}  // namespace

bool is_websocket_attempt(const HttpRequest& request) {
  return contains_websocket(request.header("upgrade")) || request.header_count("sec-websocket-key") > 0 ||
         request.header_count("sec-websocket-version") > 0;
}

std::optional<UpgradeRefused> check_origin(const HttpRequest& request, const WebSocketOptions& options) {
  const std::size_t count = request.header_count("origin");
  if (count == 0) return std::nullopt;
  if (count > 1) return UpgradeRefused{400, "More than one Origin field.", {}, {}};
  const std::string_view origin = request.header("origin");
  if (options.loopback_origins_only) {
    if (wire::is_loopback_origin(origin)) return std::nullopt;
  } else if (origin == "null") {
    if (options.allow_null_origin) return std::nullopt;
  } else if (wire::origin_allowed(origin, options.allowed_origins)) {
    return std::nullopt;
  }
  const std::string_view option =
      options.loopback_origins_only
          ? "only loopback origins pass here; another config can name more in `allowed_origins`"
      : origin == "null" ? "`allow_null_origin` is off"
                         : "add it to `allowed_origins` to let it in";
  return UpgradeRefused{
      403, "This origin is not allowed here.", fmt::format("Origin '{}' refused ({})", log_safe(origin), option), {}};
}

tl::expected<UpgradeAccepted, UpgradeRefused> decide_upgrade(const HttpRequest& request, int http_minor,
                                                             const WebSocketConfig& config,
                                                             std::vector<Header> fields) {
  auto upgrade = wire::check_ws_upgrade(request.method, 1, http_minor, request.headers);
  if (!upgrade) {
    auto& refusal = upgrade.error();
    return tl::make_unexpected(UpgradeRefused{refusal.status, refusal.text, {}, std::move(refusal.headers)});
  }
  if (auto refused = check_origin(request, config.options)) return tl::make_unexpected(std::move(*refused));
  if (auto refused = check_port(request, config.options)) return tl::make_unexpected(std::move(*refused));
  const auto choice = choose_subprotocol(upgrade->subprotocols, config);
  if (!choice)
    return tl::make_unexpected(
        UpgradeRefused{400, "This server only speaks WebSocket subprotocols " + spoken_subprotocols(config), {}, {}});
  if (config.options.show_server_version) fields.emplace_back("Server", "Transom/" TRANSOM_VERSION);
  return UpgradeAccepted{
      wire::ws_response_head(upgrade->accept, choice->subprotocol, fields),
      {choice->serializer, std::string(request.header("origin")), std::string(request.header("user-agent"))}};
}

}  // namespace transom::serve
