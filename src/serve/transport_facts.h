// What a connection tells the router of itself.
#pragma once
#include <string_view>

#include "router/transport_facts.h"

namespace transom::serve {

class Connection;

/// Of a connection that is past its TLS handshake.
router::TransportFacts transport_facts(const Connection& connection, std::string_view framing,
                                       std::string_view serializer);

}  // namespace transom::serve
