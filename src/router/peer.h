// What a session needs of the transport it lives on.
#pragma once
#include <string>

#include "base/close_reason.h"
#include "base/frame.h"
#include "router/transport_facts.h"
#include "wamp/message.h"
#include "wire/message_framing.h"

namespace transom::router {

/// Implemented by websocket_peer and the like. Never calls back into the session from within these functions.
class Peer {
 public:
  virtual ~Peer() = default;
  /// Queues a whole framed message.
  virtual void send(FramePtr frame) = 0;
  /// The session has ended and said so (ABORT or GOODBYE is queued): end the transport after what is queued.
  virtual void end(CloseReason reason) = 0;
  /// WELCOME is queued: the limits of an open session apply now, the HELLO deadline is over.
  virtual void on_joined() = 0;
  /// GOODBYE was answered; the transport may carry a new HELLO, within the HELLO deadline.
  virtual void on_left() = 0;

  virtual wamp::SerializerId serializer() const = 0;
  virtual wire::Framing framing() const = 0;
  /// For the log: "127.0.0.1:4711".
  virtual const std::string& name() const = 0;
  /// Asked when a session opens, and by who lists sessions.
  virtual TransportFacts transport_facts() const { return {}; }
};

}  // namespace transom::router
