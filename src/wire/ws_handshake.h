// The WebSocket opening handshake (RFC 6455 section 4), without I/O.
#pragma once
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace transom::wire {

using HeaderList = std::vector<std::pair<std::string, std::string>>;  // names lower-case

struct WsUpgrade {
  std::string accept;                     // Sec-WebSocket-Accept
  std::vector<std::string> subprotocols;  // in the client's order
};
/// An HTTP answer instead of the 101.
struct WsRefusal {
  int status;        // 400, 405, 426, 505
  std::string text;  // one line that names the fault
  HeaderList headers;
};

/// Checks method, version and all Sec-WebSocket-* fields as a strict server must: exactly one key of 16 octets, version
/// 13 (else 426 with Sec-WebSocket-Version: 13), one Host, `Upgrade: websocket` and `Connection: upgrade` (lists, any
/// case; absent: 426), subprotocols that are tokens, each once. Linear in the input.
tl::expected<WsUpgrade, WsRefusal> check_ws_upgrade(std::string_view method, int http_major, int http_minor,
                                                    const HeaderList& headers);

/// Sec-WebSocket-Accept for a key (SHA-1 and base64).
std::string ws_accept(std::string_view key);

/// The 101 head, with `subprotocol` when not empty.
std::string ws_response_head(std::string_view accept, std::string_view subprotocol, const HeaderList& extra = {});

}  // namespace transom::wire
