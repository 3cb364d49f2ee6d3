// The decision about a WebSocket upgrade request: 101 or a refusal that says why.
#pragma once
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "serve/http.h"
#include "serve/transport_config.h"
#include "serve/websocket_peer.h"
#include "wire/http1_parser.h"

namespace transom::serve {

struct UpgradeAccepted {
  std::string head;  // the whole 101 head
  WebSocketRequest request;
};
struct UpgradeRefused {
  int status = 400;
  std::string text;  // for the client: one line
  std::string log;   // for the operator, who may have to change the config; empty: the same as `text`
  std::vector<Header> headers;
};

/// True for a request that means to be a WebSocket handshake, complete or not.
bool is_websocket_attempt(const HttpRequest& request);

/// Checks the handshake, the Origin, the port of Host (external_port) and chooses the subprotocol, the first of the
/// client's that the config has. `fields` are further ones of the 101.
tl::expected<UpgradeAccepted, UpgradeRefused> decide_upgrade(const HttpRequest& request, int http_minor,
                                                             const WebSocketConfig& config,
                                                             std::vector<Header> fields = {});

/// Nothing when the Origin field may pass: absent, or as the options allow.
std::optional<UpgradeRefused> check_origin(const HttpRequest& request, const WebSocketOptions& options);

}  // namespace transom::serve
