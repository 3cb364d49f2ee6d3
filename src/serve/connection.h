// One accepted socket: TLS or clear, its queue of outgoing octets, its deadline, and the protocol layer on top.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/close_reason.h"
#include "base/frame.h"
#include "io/socket.h"
#include "io/timer.h"
#include "serve/handshake_gate.h"
#include "serve/http_host.h"
#include "serve/layer.h"
#include "tls/stream.h"

namespace transom::serve {

class Core;
class Listener;

/// Owned by its Core, on one thread. Nothing here calls back into the layer from within `send`, `close` or `abort`:
/// the effects come later in the same turn of the loop.
class Connection final : public HttpConnection, private io::Socket::Handler {
 public:
  /// Reading pauses while more than this waits to be sent to the same peer, and goes on below kDrainMark.
  static constexpr std::size_t kHighWater = 1 << 20;
  static constexpr std::size_t kDefaultQueueLimit = 16 << 20;
  static constexpr std::uint64_t kTlsHandshakeMs = 10'000;  // absolute, from the accept
  static constexpr std::uint64_t kStallMs = 15'000;         // for a closing peer to take some of what is queued
  static constexpr int kMaxStalls = 20;
  static constexpr std::uint64_t kLingerMs = 2'000;  // for the peer to close when everything is out
  /// What a queued frame weighs besides its octets, so that many tiny ones count as the memory they take.
  static constexpr std::size_t kFrameOverhead = 64;

  /// Takes the socket.
  Connection(Core& core, Arrival arrival);
  ~Connection() override;

  Core& core() { return core_; }
  const Listener& listener() const { return listener_; }
  const std::string& peer() const override { return peer_; }
  bool secure() const override { return secure_; }
  /// Null in the clear, and before the handshake has begun.
  const tls::Stream* tls() const { return tls_.get(); }
  std::string security_summary() const override;

  /// Queues octets; they are written at the end of this turn. When the queue is at its limit the connection ends with
  /// slow_consumer (it may overshoot by one message). Ignored once closing.
  void send(FramePtr frame) override;
  void send(ByteSpan octets) override { send(FramePtr::copy(octets)); }
  std::size_t queued_octets() const override { return queued_octets_; }
  /// The limit of the queue, in octets.
  void set_queue_limit(std::size_t octets) { queue_limit_ = octets; }

  /// Sends what is queued, then ends the connection in order (close_notify, FIN, a bounded wait for the peer).
  void close(CloseReason reason) override;
  /// Ends the connection at the end of this turn; what is queued is lost.
  void abort(CloseReason reason) override;
  bool closing() const override { return close_reason_ != CloseReason::none; }
  /// The node stops: lets the layer end in good order.
  void shut_down();

  /// Puts `layer` in the place of the present one later in this turn, and gives it `leftover`.
  void replace_layer(std::unique_ptr<Layer> layer, ByteSpan leftover) override;
  /// Calls Layer::on_deadline once, `delay_ms` from now (granularity 100 ms); replaces the deadline before. 0: none.
  void set_deadline(std::uint64_t delay_ms) override;
  /// Stops or resumes reading on the layer's wish.
  void pause_reading(bool paused) override;
  /// Lets the kernel hold small writes back (Nagle); by default it does not.
  void allow_delay();
  /// Marks the connection as past its handshakes: it leaves the cap on half-open connections.
  void set_established() override;
  /// Takes that back: the client has upgraded and has to prove itself by a HELLO.
  void set_half_open();
  /// True when the socket took octets since the last call: a sign of life of a peer that reads slowly.
  bool take_progress() { return std::exchange(progressed_, false); }
  /// For Core: the congestion is over.
  void go_on_reading();
  /// For Core: it is this connection's turn to spend time on its TLS handshake.
  void advance_handshake();

 private:
  void on_socket_ready(bool readable, bool writable) override;
  void on_flush() override;
  void on_timer();

  void read_some();
  bool receive(MutableByteSpan octets);  // false: nothing is read any more
  bool receive_encrypted(ByteSpan octets);
  void end_handshake();
  void deliver(MutableByteSpan plain);
  void start_layer();
  void swap_layer();

  bool write_out();
  bool write_encrypted();
  bool write_clear();
  bool send_network(Buffer& octets);
  ByteSpan gather(Buffer& scratch, std::size_t limit);
  void drop_from_queue(std::size_t octets);
  void after_progress();

  std::size_t queue_weight() const {
    return queued_octets_ + (queue_.size() - queue_head_) * kFrameOverhead + unsent_.size();
  }
  void update_interest();
  void end_stream();
  void finish(CloseReason reason);
  void log_end(CloseReason reason, const std::string& text);

  Core& core_;
  const Listener& listener_;
  io::Socket socket_;
  io::Timer timer_;
  std::unique_ptr<tls::Stream> tls_;  // from the first octet on: a silent peer costs no more than its socket
  std::unique_ptr<Layer> layer_, next_layer_;
  std::vector<FramePtr> queue_;  // not yet written; the first `queue_head_` are done
  std::size_t queue_head_ = 0;
  std::size_t queue_offset_ = 0;  // octets of the frame at queue_head_ that are written
  std::size_t queued_octets_ = 0;
  std::size_t queue_limit_ = kDefaultQueueLimit;
  Buffer unsent_;    // encrypted octets that the socket did not take
  Buffer leftover_;  // for next_layer_
  std::string peer_;
  const Network network_;
  CloseReason close_reason_ = CloseReason::none;
  bool aborted_ = false, finished_ = false, established_ = false, stream_ended_ = false, peer_ended_ = false;
  bool paused_by_layer_ = false, paused_by_queue_ = false, paused_by_cores_ = false, close_notified_ = false,
       above_drain_mark_ = false, in_layer_ = false;
  bool socket_is_full_ = false;  // the last flush could not send everything
  bool progressed_ = false;      // the socket took octets since the last look
  int stalls_ = 0;
  const bool secure_;
  bool handshaking_;          // the TLS handshake counts in the core's gate
  bool awaits_turn_ = false;  // it is in the core's queue of handshakes
};

}  // namespace transom::serve
