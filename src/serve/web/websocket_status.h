// The page that a browser sees at the address of a WebSocket service.
#pragma once
#include <string>

#include "serve/transport_config.h"

namespace transom::serve {

/// Made of the config alone: nothing of the request is echoed and no address of the request is followed.
std::string websocket_status_page(const WebSocketConfig& config);

}  // namespace transom::serve
