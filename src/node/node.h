// A running node: its cores, realms and listeners, from a read config until it is told to stop.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "node/acme/care.h"
#include "node/config/config.h"
#include "node/files/file_watch.h"
#include "node/ocsp/stapler.h"
#include "node/reload.h"
#include "node/tls/certificate_care.h"
#include "node/tls/ticket_rotation.h"
#include "node/tls/tls_reload.h"
#include "serve/core_group.h"

namespace transom::node {

struct NodeOptions {
  unsigned cores = 0;              // 0: what affinity and the cgroup's quota allow
  io::InheritedSockets inherited;  // used instead of new ones where an endpoint has their address
  /// Of a node that makes its own certificates: makes new ones if it is time and says whether it did. Called once an
  /// hour, off the loop.
  CertificateCare::Renew renew;
};

/// Made and run on the main thread, which becomes core 0.
class Node {
 public:
  Node(NodeConfig config, NodeOptions options);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// Loads all certificates and binds all sockets; nothing is served before all of them succeeded, and nothing stays
  /// behind when one failed. Every failure is reported, joined by newlines.
  Status open();
  /// Serves until SIGTERM, SIGINT or `stop`, then says goodbye to every session, waits a bounded time, and returns.
  /// SIGHUP reloads, and so does a change of the files that listeners are made of.
  void run();
  /// From any thread.
  void stop();

  /// Loads the TLS context of every listener again, for new connections; open ones keep theirs. One that cannot be
  /// loaded leaves the old one in place and is logged. On core 0's thread, after `open`.
  /// Whoever asks for it has orders of certificates that failed tried again as well.
  void reload(Reloader::Cause cause, Reloader::Done done = {});

  /// Called on core 0 once the node serves; set before `run`.
  void on_ready(std::function<void()> callback) { ready_ = std::move(callback); }
  /// Core 0's loop, for the control socket and the like; valid after the constructor.
  io::Loop& loop() { return group_->core(0).loop(); }
  const NodeConfig& config() const { return config_; }
  /// The paths of the Unix sockets that `open` made.
  std::vector<std::string> made_paths() const;

  /// What `transom status --json` prints: pid, version, uptime_s, cores, per listener {transport, endpoint, url,
  /// connections}, per realm {worker, realm, sessions}. Call on core 0's thread; `done` comes there later, when all
  /// cores have answered.
  void collect_status(std::function<void(nlohmann::json)> done);
  /// The open sessions, see session_list.h; in the same way.
  void list_sessions(std::function<void(nlohmann::json)> done);

 private:
  void on_signal(int number);
  OcspStapler::Contexts tls_contexts() const;
  std::vector<std::string> current_warnings() const;
  void serve();

  NodeConfig config_;
  io::InheritedSockets inherited_;  // until `open` has closed what it does not need
  CertificateCare::Renew renew_;
  tls::ServerResources resources_;
  std::unique_ptr<serve::CoreGroup> group_;
  std::unique_ptr<OcspStapler> stapler_;
  std::unique_ptr<TicketRotation> ticket_rotation_;
  std::unique_ptr<Reloader> reloader_;
  std::unique_ptr<FileWatch> watch_;
  std::unique_ptr<CertificateCare> care_;
  std::unique_ptr<AcmeCare> acme_care_;
  std::function<void()> ready_;
  std::int64_t started_ = 0;
};

/// How many cores this process may use: the affinity mask, capped by the cgroup's CPU quota (rounded up), at most 64.
unsigned available_cores();

}  // namespace transom::node
