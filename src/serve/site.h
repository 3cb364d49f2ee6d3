// The path tree of one transport: which service answers which path.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http.h"
#include "serve/https_hosts.h"
#include "serve/transport_config.h"
#include "tls/acme_challenges.h"

namespace transom::serve {

/// What services know of the node around them.
struct SiteContext {
  std::string node_directory;  // absolute; nothing below it is served unless a configured root lies in it
  /// Absolute paths that are never served: the config file, keys, certificate and cookie stores, sockets. A directory
  /// stands for all below it.
  std::vector<std::string> protected_files;
  std::int64_t started = 0;  // seconds since 1970
  std::size_t worker_count = 0, realm_count = 0;
  const HttpsHosts* https_hosts = nullptr;                     // needed where a transport redirects
  std::shared_ptr<const tls::AcmeChallenges> acme_challenges;  // null: no certificate comes by ACME
};

class AcmeService;

/// Built once per transport, immutable, shared by all cores. Refers to `config`, which outlives it.
class Site {
 public:
  Site(const TransportConfig& config, const SiteContext& context);
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  /// At most one of the pointers is set; none: there is nothing at that path.
  struct Match {
    const WebSocketConfig* websocket = nullptr;
    WebService* service = nullptr;
    std::string_view rest;  // the path behind the service's own, without leading '/'
  };
  /// Component by component: the entry of that name, else the "/" entry of the same level with what is left.
  Match resolve(std::string_view path) const;

  const WebOptions& options() const { return config_.web; }
  const std::string& worker_id() const { return config_.worker_id; }
  /// Of a transport of type `websocket`; else null.
  const WebSocketConfig* whole_websocket() const { return config_.websocket ? &*config_.websocket : nullptr; }

 private:
  struct Entry;
  using Level = std::map<std::string, Entry, std::less<>>;
  static Level build(const PathMap& paths, const SiteContext& context);
  static Match resolve_in(const Level& level, std::string_view rest);

  const TransportConfig& config_;
  std::unique_ptr<AcmeService> acme_;           // in the clear: answers challenges, before all else
  std::unique_ptr<WebService> https_redirect_;  // answers all but what certification authorities ask
  Level root_;
};

/// One entry: exactly one of the three.
struct Site::Entry {
  std::unique_ptr<WebService> service;
  const WebSocketConfig* websocket = nullptr;
  std::unique_ptr<Level> nested;
};

}  // namespace transom::serve
