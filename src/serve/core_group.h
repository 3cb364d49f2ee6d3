// All cores of the node, their realms and listeners.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "io/acceptor.h"
#include "router/realm.h"
#include "serve/core.h"
#include "serve/listener.h"

namespace transom::serve {

/// Made and run on the main thread, which is core 0; the other cores are threads of their own.
class CoreGroup {
 public:
  struct WorkerRealms {
    std::string worker_id;
    std::vector<router::RealmConfig> realms;
  };

  CoreGroup(unsigned core_count, const std::vector<WorkerRealms>& workers);
  ~CoreGroup();

  /// Adds a transport; `open` binds all of them or none. What connects from then on waits until `accept`.
  Listener& add_listener(TransportConfig config, SiteContext context);
  Status open(const tls::ServerResources& resources, io::InheritedSockets& inherited,
              std::vector<std::string>& warnings);
  /// Begins to accept, once, on core 0's thread; nothing after `stop`.
  void accept();

  /// Serves until the shutdown that `stop` begins is done.
  void run();
  /// Closes the listening sockets, says goodbye to every session and ends `run` when all connections are gone or after
  /// kShutdownMs. On core 0's thread; a second call ends at once.
  void stop();

  std::size_t size() const { return cores_.size(); }
  Core& core(std::size_t index) { return *cores_[index]; }
  const std::vector<std::unique_ptr<Listener>>& listeners() const { return listeners_; }
  const std::vector<std::unique_ptr<router::Realm>>& realms() const { return realms_; }

  static constexpr std::uint64_t kShutdownMs = 5'000;

 private:
  void place(int fd, const Listener& listener, std::string peer);
  void check_drained();

  std::vector<std::unique_ptr<router::Realm>> realms_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  const ListenerHosts https_hosts_{listeners_};
  std::vector<std::unique_ptr<Core>> cores_;
  std::vector<std::unique_ptr<io::Acceptor>> acceptors_;
  std::vector<std::thread> threads_;
  std::unique_ptr<io::Timer> drain_timer_;
  std::uint64_t drain_deadline_ms_ = 0;
  bool stopping_ = false;
};

}  // namespace transom::serve
