#include "serve/web/websocket_status.h"

#include "serve/http.h"
#include "wamp/serializer.h"
#include "wire/url.h"

namespace transom::serve {

std::string websocket_status_page(const WebSocketConfig& config) {
  std::string body = "<p>This is a WAMP-over-WebSocket transport endpoint: connect a WAMP client to it.</p>\n";
  if (!config.url.empty()) body += fmt::format("<p>Address: <code>{}</code></p>\n", wire::html_escape(config.url));
  body += "<p>Subprotocols:";
  for (const wamp::SerializerId id : config.serializers)
    body += fmt::format(" <code>{}</code>", wamp::serializer_info(id).subprotocol);
  return html_page("WAMP over WebSocket", body + "</p>");
}

}  // namespace transom::serve
