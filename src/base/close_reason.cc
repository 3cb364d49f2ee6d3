#include "base/close_reason.h"

namespace transom {

std::string_view to_string(CloseReason reason) {
  switch (reason) {
    case CloseReason::none:
      return "none";
    case CloseReason::peer_closed:
      return "peer_closed";
    case CloseReason::peer_reset:
      return "peer_reset";
    case CloseReason::server_shutdown:
      return "server_shutdown";
    case CloseReason::handshake_timeout:
      return "handshake_timeout";
    case CloseReason::ping_timeout:
      return "ping_timeout";
    case CloseReason::close_timeout:
      return "close_timeout";
    case CloseReason::tls_error:
      return "tls_error";
    case CloseReason::http_error:
      return "http_error";
    case CloseReason::websocket_error:
      return "websocket_error";
    case CloseReason::invalid_utf8:
      return "invalid_utf8";
    case CloseReason::message_too_big:
      return "message_too_big";
    case CloseReason::wamp_protocol_error:
      return "wamp_protocol_error";
    case CloseReason::wamp_refused:
      return "wamp_refused";
    case CloseReason::slow_consumer:
      return "slow_consumer";
    case CloseReason::too_many_connections:
      return "too_many_connections";
    case CloseReason::idle_timeout:
      return "idle_timeout";
    case CloseReason::internal_error:
      return "internal_error";
  }
  return "unknown";
}

}  // namespace transom
