// Why a connection or session ended: one enum that logs, metrics and close codes share.
#pragma once
#include <cstdint>
#include <string_view>

namespace transom {

enum class CloseReason : std::uint8_t {
  none,
  peer_closed,           // the peer ended it in order (FIN, WebSocket close, GOODBYE)
  peer_reset,            // RST or another socket error
  server_shutdown,       // the node stops
  handshake_timeout,     // TLS, upgrade or HELLO not done within its deadline
  ping_timeout,          // no answer to a ping: a half-open peer
  close_timeout,         // the peer did not answer our close in time
  tls_error,             // the handshake or a record was bad
  http_error,            // a malformed or refused HTTP request
  websocket_error,       // a frame against RFC 6455
  invalid_utf8,          // a text message that is not UTF-8
  message_too_big,       // over max_frame_size or max_message_size
  wamp_protocol_error,   // ABORT wamp.error.protocol_violation was sent
  wamp_refused,          // ABORT before WELCOME: realm, role or authentication
  slow_consumer,         // the outgoing queue reached its limit
  too_many_connections,  // a cap on sockets was reached
  idle_timeout,          // an idle keep-alive connection reached its time limit
  internal_error,
};

/// A stable snake_case name for logs and metrics.
std::string_view to_string(CloseReason reason);

}  // namespace transom
