// Readiness of one socket on a loop, by uv_poll; reading and writing stay with the owner.
#pragma once
#include <uv.h>

#include "io/loop.h"

namespace transom::io {

/// Owns the descriptor (non-blocking). Lives on its loop's thread; destroying it closes the descriptor at once, libuv's
/// part follows in the loop.
class Socket {
 public:
  class Handler : public Flushable {
   public:
    /// The socket can be read or written, or has an error (then both are true: recv and send will tell).
    virtual void on_socket_ready(bool readable, bool writable) = 0;
  };

  Socket(Loop& loop, int fd, Handler& handler);
  ~Socket() { close(); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int fd() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  /// What to be told of; costs nothing when unchanged.
  void watch(bool readable, bool writable);
  void close();

 private:
  struct Poll;
  static void on_poll(uv_poll_t* handle, int status, int events);

  Loop& loop_;
  Handler& handler_;
  Poll* poll_;
  int fd_;
  int events_ = 0;
};

}  // namespace transom::io
