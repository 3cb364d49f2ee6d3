// One transport of the config, opened: its sockets, its TLS policy, its site.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/shared_slot.h"
#include "io/inherited_sockets.h"
#include "serve/site.h"
#include "serve/transport_config.h"
#include "tls/context.h"

namespace transom::serve {

/// Shared by all cores. Immutable after `open` but for the TLS context, which `set_tls` swaps for new connections.
class Listener {
 public:
  Listener(TransportConfig config, const SiteContext& context);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Loads the certificate and binds every socket, without accepting. `warnings` as ServerContext::create.
  /// Sockets that are there already are used as they are.
  Status open(const tls::ServerResources& resources, io::InheritedSockets& inherited,
              std::vector<std::string>& warnings);
  /// The listening sockets, once; the caller owns them.
  std::vector<int> take_sockets() { return std::move(sockets_); }

  const TransportConfig& config() const { return config_; }
  const Site& site() const { return site_; }
  /// Null without TLS.
  std::shared_ptr<const tls::ServerContext> tls() const { return tls_.get(); }
  void set_tls(std::shared_ptr<const tls::ServerContext> context) { tls_.set(std::move(context)); }
  /// "tcp 127.0.0.1:8443 (TLS)" for the log and the banner.
  std::string description() const;
  /// The path of the Unix socket that `open` made; empty when it made none.
  const std::string& made_path() const { return made_path_; }

 private:
  void set_options(int fd) const;
  Status open_tcp(const std::string& interface_address, bool v6, bool v6_only, io::InheritedSockets& inherited);
  Status open_unix(io::InheritedSockets& inherited);

  const TransportConfig config_;
  Site site_;
  SharedSlot<tls::ServerContext> tls_;
  std::vector<int> sockets_;
  std::string made_path_;
};

}  // namespace transom::serve
