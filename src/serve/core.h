// One core: a thread with its loop, its connections and its part of every realm.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
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
#include "serve/handshake_gate.h"
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
  /// Sockets that have not come through their handshakes; beyond it new ones wait, as HandshakeGate says.
  static constexpr std::size_t kMaxHalfOpen = 4096;
  /// Of the time of one turn for TLS handshakes, which cost the most of all that a stranger may ask for: open sessions
  /// wait no longer than this and the handshake under way. At least one goes on in each turn.
  static constexpr std::chrono::microseconds kHandshakeBudget{2'000};
  /// Letters handled before sockets and timers get their turn.
  static constexpr std::size_t kLettersPerTurn = 256;
  /// Octets of waiting letters above which other cores stop reading from their clients.
  static constexpr std::size_t kCongestedOctets = 64 << 20;

  Core(router::CoreId id, CoreGroup& group, const std::vector<std::unique_ptr<router::Realm>>& realms);
  ~Core() override;

  io::Loop& loop() { return loop_; }
  router::RouterCore& router() { return router_; }
  Random& random() { return random_; }
  CoreCounters& counters() { return counters_; }

  /// Makes a connection of an accepted socket, which `counters` counts already. On this core's thread.
  void adopt(int fd, const Listener& listener, std::string peer);
  /// The node stops: nobody begins any more, and each connection ends in good order. On this core's thread.
  void shut_down();
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
  void next_turn(std::function<void()> task) override { loop_.post(std::move(task)); }
  std::int64_t unix_seconds() override { return loop_.unix_seconds(); }

  /// A letter from another core. Any thread.
  void deliver(router::Envelope envelope);

  /// True while some other core has more letters waiting than it should: then nothing more is read here, so that no
  /// publisher can fill the memory of a core that fans out for it.
  bool congested() const;
  /// Has the connection look again at whether it may read, when the congestion is over.
  void hold(Connection& connection);

  /// Ends all connections at once; every other core is still there. After the threads have ended.
  void drop_connections();

 private:
  friend class Connection;
  void post(router::CoreId to, router::Envelope envelope) override;
  bool may_begin(const Listener& listener, Network network) const;
  void begin(Arrival arrival);
  void refuse(const Arrival& arrival);
  void admit_waiting();
  /// Something ended that others may wait for.
  void room_made() {
    if (gate_.waiting() > 0) loop_.want_flush(*this);
  }
  void end_long_waits();
  /// How many wait now.
  std::size_t await_handshake_turn(Connection& connection) {
    handshake_queue_.push_back(&connection);
    return handshake_queue_.size();
  }
  void forget_handshake_turn(Connection& connection);
  bool advance_handshakes();
  bool handle_letters();
  void release_held();
  void release(Connection& connection);  // frees it at the end of this turn
  void on_flush() override;

  router::CoreId id_;
  CoreGroup& group_;
  io::Loop loop_;
  SystemRandom random_;
  router::RouterCore router_;
  io::Mailbox<router::Envelope> letters_;
  std::vector<router::Envelope> taken_letters_;
  std::size_t next_letter_ = 0;                 // of those taken
  std::atomic<std::size_t> letters_octets_{0};  // of all that wait, with something for each
  std::unordered_set<Connection*> held_;
  io::Timer held_timer_;
  std::unordered_set<Connection*> connections_;
  std::size_t half_open_ = 0;
  HandshakeGate gate_;
  io::Timer gate_timer_;
  bool said_waiting_ = false, said_refusing_ = false, said_too_long_ = false;  // once, until nobody waited for a while
  std::uint64_t last_crowded_ms_ = 0;
  std::deque<Connection*> handshake_queue_;  // those with octets to read, in order; null: gone meanwhile
  bool stopping_ = false;
  std::vector<std::unique_ptr<Connection>> buried_;
  CoreCounters counters_;
};

}  // namespace transom::serve
