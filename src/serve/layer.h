// A protocol on top of a connection's plaintext: HTTP, then perhaps WebSocket.
#pragma once
#include "base/bytes.h"
#include "base/close_reason.h"

namespace transom::serve {

/// Owned by its connection, lives on the connection's core. It is replaced or destroyed only between calls.
class Layer {
 public:
  virtual ~Layer() = default;
  /// All octets are the layer's: what it cannot use yet it keeps itself. It may change them.
  virtual void on_octets(MutableByteSpan octets) = 0;
  /// The queue has drained below HttpConnection::kDrainMark after having been above it.
  virtual void on_drained() {}
  /// The peer sends nothing more, but may still read. True: the layer has something left to say and closes the
  /// connection itself when it is said.
  virtual bool on_peer_end() { return false; }
  /// The deadline set by `set_deadline` has passed (once).
  virtual void on_deadline() = 0;
  /// The node stops: end in good order (the connection is cut after a bounded wait).
  virtual void on_shutdown() = 0;
  /// The connection is gone. The last call; nothing can be sent any more.
  virtual void on_closed(CloseReason reason) = 0;
};

}  // namespace transom::serve
