// One accepted socket: TLS or clear, its queue of outgoing octets, its deadline, and the protocol layer on top.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/close_reason.h"
#include "base/frame.h"
#include "io/socket.h"
#include "io/timer.h"
#include "serve/transport_config.h"
#include "tls/stream.h"

namespace transom::serve {

class Connection;
class Core;
class Listener;

/// A protocol on top of a connection's plaintext: HTTP, then perhaps WebSocket. Owned by its connection, lives on the
/// connection's core. It may be replaced or destroyed only between calls.
class Layer {
 public:
  virtual ~Layer() = default;
  /// All octets are the layer's: what it cannot use yet it keeps itself. It may change them.
  virtual void on_octets(MutableByteSpan octets) = 0;
  /// The queue has drained below Connection::kLowWater after having been above it.
  virtual void on_drained() {}
  /// The deadline set by `set_deadline` has passed (once).
  virtual void on_deadline() = 0;
  /// The node stops: end in good order (the connection is aborted after a bounded wait).
  virtual void on_shutdown() = 0;
  /// The connection is gone. The last call; nothing can be sent any more.
  virtual void on_closed(CloseReason reason) = 0;
};

/// Owned by its Core, on one thread. Nothing here calls back into the layer from within `send`, `close` or `abort`:
/// the effects come later in the same turn of the loop.
class Connection final : public io::Socket::Handler {
 public:
  /// Reading pauses while more than this waits to be sent to the same peer, and goes on below kLowWater.
  static constexpr std::size_t kHighWater = 1 << 20;
  static constexpr std::size_t kLowWater = 256 << 10;

  /// Takes the socket. `peer` is "127.0.0.1:4711" or "unix".
  Connection(Core& core, const Listener& listener, int fd, std::string peer);
  ~Connection() override;

  Core& core() { return core_; }
  const Listener& listener() const { return listener_; }
  const std::string& peer() const { return peer_; }
  bool secure() const { return listener_tls_; }
  const tls::Stream* tls() const { return tls_.get(); }

  /// Queues octets; they are written at the end of this turn. When the queue is over its limit the connection is closed
  /// with slow_consumer. Ignored once closing.
  void send(FramePtr frame);
  void send(ByteSpan octets);
  std::size_t queued_octets() const { return queued_octets_; }
  /// The limit of the queue, in octets; default 16 MiB (set by the layer).
  void set_queue_limit(std::size_t octets) { queue_limit_ = octets; }

  /// Sends what is queued, then ends the connection in order (close_notify, FIN, a bounded wait for the peer).
  void close(CloseReason reason);
  /// Ends the connection at once (end of this turn); what is queued is lost.
  void abort(CloseReason reason);
  bool closing() const { return close_reason_ != CloseReason::none; }

  /// Puts `layer` in the place of the present one when the present call into it has returned, and gives it `leftover`.
  void replace_layer(std::unique_ptr<Layer> layer, ByteSpan leftover);

  /// Calls Layer::on_deadline once, `delay_ms` from now (granularity 100 ms); replaces the deadline before. 0: none.
  void set_deadline(std::uint64_t delay_ms);
  /// Stops or resumes reading on the layer's wish (a request is being answered).
  void pause_reading(bool paused);

  /// Marks the connection as past its handshakes: it leaves the cap on half-open connections.
  void set_established();

 private:
  friend class Core;
  void on_socket_ready(bool readable, bool writable) override;
  void on_flush() override;
  void read_some();
  void deliver(MutableByteSpan plain);
  void fail(CloseReason reason, const std::string& text);
  void write_out();
  void update_interest();
  void finish();
  void expire();

  Core& core_;
  const Listener& listener_;
  io::Socket socket_;
  io::Timer timer_;
  std::unique_ptr<tls::Stream> tls_;
  std::unique_ptr<Layer> layer_, next_layer_;
  std::vector<FramePtr> queue_;   // not yet encrypted or written
  std::size_t queue_offset_ = 0;  // octets of queue_[0] that are written
  std::size_t queue_head_ = 0;    // index of the first frame still queued
  std::size_t queued_octets_ = 0;
  std::size_t queue_limit_ = 16 << 20;
  Buffer unsent_;                 // encrypted octets that the socket did not take
  Buffer leftover_;
  std::string peer_;
  CloseReason close_reason_ = CloseReason::none;
  bool listener_tls_ = false;
  bool in_layer_ = false, aborted_ = false, finished_ = false, established_ = false, fin_sent_ = false;
  bool paused_by_layer_ = false, paused_by_queue_ = false;
};

}  // namespace transom::serve
