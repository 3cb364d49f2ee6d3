// One core: a thread with its loop, its connections and its part of every realm.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/random.h"
#include "io/loop.h"
#include "io/mailbox.h"
#include "router/router_core.h"
#include "serve/connection.h"
#include "serve/http_host.h"

namespace transom::serve {

class CoreGroup;

/// What a core counts; read on its own thread, or approximately by others.
struct CoreCounters {
  std::atomic<std::size_t> connections{0};
  std::uint64_t accepted = 0;
};

class Core final : public HttpHost, private router::Bus, private io::Flushable {
 public:
  /// Sockets that have not come through their handshakes; beyond it new ones are closed at once.
  static constexpr std::size_t kMaxHalfOpen = 4096;

  Core(router::CoreId id, CoreGroup& group, const std::vector<std::unique_ptr<router::Realm>>& realms);
  ~Core() override;

  io::Loop& loop() { return loop_; }
  router::RouterCore& router() { return router_; }
  Random& random() { return random_; }
  CoreCounters& counters() { return counters_; }

  /// Makes a connection of an accepted socket, which `counters` counts already. On this core's thread.
  void adopt(int fd, const Listener& listener, std::string peer);
  /// Calls `visit` for each open connection. On this core's thread.
  template <typename Visit>
  void for_each_connection(const Visit& visit) {
    const std::vector<Connection*> present(connections_.begin(), connections_.end());
    for (Connection* connection : present) {
      if (connections_.contains(connection)) visit(*connection);
    }
  }
  std::size_t connection_count() const { return connections_.size(); }

  void offload(std::function<void()> work, std::function<void()> done) override {
    loop_.offload(std::move(work), std::move(done));
  }
  std::int64_t unix_seconds() override { return loop_.unix_seconds(); }

  /// A letter from another core. Any thread.
  void deliver(router::Envelope envelope);

 private:
  friend class Connection;
  void post(router::CoreId to, router::Envelope envelope) override;
  bool handle_letters();
  void release(Connection& connection);  // frees it at the end of this turn
  void on_flush() override { buried_.clear(); }

  router::CoreId id_;
  CoreGroup& group_;
  io::Loop loop_;
  SystemRandom random_;
  router::RouterCore router_;
  io::Mailbox<router::Envelope> letters_;
  std::vector<router::Envelope> taken_letters_;
  std::unordered_set<Connection*> connections_;
  std::vector<std::unique_ptr<Connection>> buried_;
  std::size_t half_open_ = 0;
  bool half_open_full_ = false;
  CoreCounters counters_;
};

}  // namespace transom::serve
