// Accepts connections of one listening socket, and survives running out of descriptors.
#pragma once
#include <sys/socket.h>

#include <functional>
#include <string>

#include "io/loop.h"
#include "io/socket.h"
#include "io/timer.h"

namespace transom::io {

/// Lives on its loop's thread.
class Acceptor final : private Socket::Handler {
 public:
  /// `peer` is "127.0.0.1:4711", "[::1]:4711" or "unix". The callee owns the (non-blocking) descriptor.
  using Callback = std::function<void(int fd, std::string peer)>;

  /// Takes a listening, non-blocking descriptor.
  Acceptor(Loop& loop, int fd, Callback on_accept);
  ~Acceptor() override;
  void close() { socket_.close(); }

 private:
  void on_socket_ready(bool readable, bool writable) override;
  void on_flush() override {}
  bool accept_one();
  void shed_one();

  static constexpr int kBatch = 64;  // per readiness, so that open sessions get their turn in a storm
  static constexpr std::uint64_t kPauseMs = 200;

  Socket socket_;
  Timer resume_;
  Callback on_accept_;
  int reserve_fd_;  // given up for a moment to accept and close a connection when descriptors have run out
  bool exhausted_ = false;
};

}  // namespace transom::io
