// The head of an HTTP/1.1 response (RFC 9112 section 4):
//   response = "HTTP/1.1" SP status SP reason CRLF *( name ":" SP value CRLF ) CRLF [ body ]
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http.h"
#include "serve/transport_config.h"

namespace transom::serve {

/// What the HTTP layer itself says in every response.
struct ResponseFrame {
  std::string_view date;                        // value of the Date field
  std::optional<std::uint64_t> content_length;  // nothing for 204 and 304
  bool keep_alive = true;
  std::string_view hsts;  // value of Strict-Transport-Security; empty: none
  bool http_1_0 = false;  // such a client must be told when the connection stays
};

/// Lines of a head. Control characters in values are left out: no value can start a field of its own.
std::string fields_text(const std::vector<Header>& headers);

/// `fields` as `fields_text` makes them.
std::string response_head(int status, std::string_view fields, const ResponseFrame& frame);

/// The Strict-Transport-Security value (RFC 6797), or empty where it must not be sent: off, in the clear, or a host
/// that is an IP address or localhost. HSTS knows no ports: every other server of http://localhost would be out of
/// reach.
std::string hsts_value(const WebOptions& options, bool secure, std::string_view host);

}  // namespace transom::serve
