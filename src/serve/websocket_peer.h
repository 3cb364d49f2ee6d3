// A WAMP session on a WebSocket connection.
#pragma once
#include <memory>
#include <string>

#include "serve/connection.h"
#include "serve/transport_config.h"
#include "wamp/message.h"

namespace transom::serve {

/// What the upgrade request said.
struct WebSocketRequest {
  wamp::SerializerId serializer = wamp::SerializerId::json;
  std::string origin, user_agent;
};

/// The layer for a connection whose 101 has been queued. `config` outlives it (it belongs to the transport).
std::unique_ptr<Layer> make_websocket_peer(Connection& connection, const WebSocketConfig& config,
                                           const std::string& worker_id, WebSocketRequest request);

}  // namespace transom::serve
