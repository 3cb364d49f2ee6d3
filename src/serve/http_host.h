// What the HTTP layer needs of the world below it: a connection and the core it lives on. Connection and Core are these
// in the node; tests play them.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/close_reason.h"
#include "base/frame.h"

namespace transom::serve {

class Layer;

/// The part of Connection that HTTP uses. No call here calls back into the layer.
class HttpConnection {
 public:
  /// Layer::on_drained comes once the queue, having been above this many octets, is no longer above it.
  static constexpr std::size_t kDrainMark = 256 << 10;

  virtual ~HttpConnection() = default;
  virtual const std::string& peer() const = 0;
  virtual bool secure() const = 0;
  /// For the access log: version, suite, group, whether it was resumed, the client's subject. Empty in the clear.
  virtual std::string security_summary() const { return ""; }
  virtual void send(ByteSpan octets) = 0;
  virtual void send(FramePtr frame) = 0;
  /// Octets that wait to be sent.
  virtual std::size_t queued_octets() const = 0;
  /// Nothing that is sent from now on goes out.
  virtual bool closing() const = 0;
  virtual void close(CloseReason reason) = 0;
  virtual void abort(CloseReason reason) = 0;
  /// May be called outside of a call into the layer, too (an answer that was prepared off the loop): the present layer
  /// must live until the caller has returned, so the exchange then happens later in the same turn.
  virtual void replace_layer(std::unique_ptr<Layer> layer, ByteSpan leftover) = 0;
  virtual void set_deadline(std::uint64_t delay_ms) = 0;
  virtual void pause_reading(bool paused) = 0;
  virtual void set_established() = 0;
};

/// The part of Core that HTTP uses; outlives the connections and exchanges of its core.
class HttpHost {
 public:
  virtual ~HttpHost() = default;
  /// Runs `work` on the thread pool, then `done` on this core. `done` is called even if the connection has gone.
  virtual void offload(std::function<void()> work, std::function<void()> done) = 0;
  /// Runs `task` on this core in its next turn, when the other connections have had theirs.
  virtual void next_turn(std::function<void()> task) = 0;
  /// Wall clock, seconds since 1970.
  virtual std::int64_t unix_seconds() = 0;
  /// The value of the Date field now, formatted once per second.
  const std::string& date_field();

 private:
  std::int64_t date_second_ = -1;
  std::string date_;
};

}  // namespace transom::serve
