// What the config says about a listening transport, after it is read; paths of files are absolute.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "router/realm_config.h"
#include "tls/tls_config.h"
#include "wamp/message.h"

namespace transom::serve {

class WebService;

/// Where a transport listens.
struct EndpointConfig {
  enum class Type { tcp, unix } type = Type::tcp;
  std::vector<std::string> interfaces;  // tcp: addresses; empty: all. Several: one socket each (the default node)
  enum class Family { v4, v6, dual } family = Family::v4;
  std::uint16_t port = 0;
  std::string path;  // unix
  int backlog = 50;
  bool shared = false;      // SO_REUSEPORT
  int user_timeout_ms = 0;  // TCP_USER_TIMEOUT; 0: the system's
  std::optional<tls::ServerConfig> tls;
};

/// `options` of a websocket transport or path; times in milliseconds. Defaults are ours, safer than Crossbar's.
struct WebSocketOptions {
  std::vector<std::string> allowed_origins = {"*"};  // globs, e.g. "https://*.example.com:*"
  bool loopback_origins_only = false;                // the default node: any loopback origin, nothing else
  bool allow_null_origin = true;
  std::optional<std::uint16_t> external_port;
  std::uint32_t open_handshake_timeout_ms = 10'000;  // upgrade and, apart, HELLO
  std::uint32_t close_handshake_timeout_ms = 5'000;
  bool enable_webstatus = true;
  bool require_masked_client_frames = true;
  std::uint64_t max_frame_size = 16 * 1024 * 1024;
  std::uint64_t max_message_size = 16 * 1024 * 1024;
  std::uint64_t auto_fragment_size = 0;  // 0: outgoing messages are never fragmented
  bool fail_by_drop = false;
  bool echo_close_codereason = false;
  bool tcp_nodelay = true;
  std::uint32_t auto_ping_interval_ms = 30'000;  // 0: off
  std::uint32_t auto_ping_timeout_ms = 20'000;
  std::uint32_t auto_ping_size = 12;
  bool require_websocket_subprotocol = true;
  bool show_server_version = false;
};

/// A WAMP-over-WebSocket service: a whole transport or one path.
struct WebSocketConfig {
  std::string url;                              // as shown on the status page; may be empty
  std::vector<wamp::SerializerId> serializers;  // in configured order; never empty
  WebSocketOptions options;
  std::optional<router::AuthConfig> auth;
};

struct PathConfig;
/// One path component -> its service; "/" is the service of the directory itself and of what no other entry takes.
using PathMap = std::map<std::string, PathConfig>;

struct StaticConfig {
  std::string directory;  // absolute
  bool enable_directory_listing = false;
  std::map<std::string, std::string> mime_types;  // ".ext" -> type, over the built-in table
  std::optional<int> cache_timeout_s = 43'200;    // null: no caching headers
  std::string default_file;                       // served with 200 for any missing path (single page applications)
  bool follow_symlinks = false;                   // out of the directory
  bool serve_dotfiles = false;
};
struct RedirectConfig {
  std::string url;
};
struct JsonConfig {
  nlohmann::json value;
  bool prettify = false, allow_cross_origin = true, discourage_caching = false;
};
struct NodeinfoConfig {};
struct NestedConfig {
  std::shared_ptr<PathMap> paths;
};
/// The default node's page.
struct WelcomePageConfig {};
/// A service of one of the program's own commands, which no configuration can name.
struct CommandServiceConfig {
  std::function<std::unique_ptr<WebService>()> make;
};
/// A path whose service is not built yet. It is answered with 501, never handed to what serves "/": that could show
/// files which the named service was meant to hide.
struct NotBuiltConfig {
  std::string type;  // "longpoll"
};

struct PathConfig {
  std::variant<StaticConfig, RedirectConfig, JsonConfig, NodeinfoConfig, NestedConfig, WebSocketConfig,
               WelcomePageConfig, CommandServiceConfig, NotBuiltConfig>
      service;
};

struct WebOptions {
  bool access_log = false;
  bool hsts = false;  // the configuration's default is true for a web transport over TLS on port 443
  std::int64_t hsts_max_age_s = 63'072'000;
  std::uint32_t client_timeout_ms = 75'000;  // idle keep-alive
  bool raw_targets = false;                  // "/" judges targets as they were sent: OCSP's may have an encoded '/'
  bool loopback_hosts_only = false;          // the default node: Host must be localhost, 127.0.0.1 or [::1], else 421
};

/// `"redirect": "https"` of a web transport in the clear.
struct HttpsRedirectConfig {
  std::vector<std::string> hosts;  // `redirect_hosts`: lower case, "*.example.com" too; those of certificates besides
  std::uint16_t port = 0;          // `redirect_port`: as clients see it; 0: that of the TLS transport
};

/// A transport of type `web` or `websocket` (then `paths` is empty and `websocket` set).
struct TransportConfig {
  std::string id;
  std::string worker_id;
  EndpointConfig endpoint;
  PathMap paths;
  std::optional<WebSocketConfig> websocket;
  std::optional<HttpsRedirectConfig> https_redirect;
  WebOptions web;
};

}  // namespace transom::serve
