// The contexts among which the server name of a ClientHello (SNI) chooses.
#pragma once
#include <map>
#include <string>

#include "tls/handles.h"

namespace transom::tls {

/// Names ("www.example.com", "*.example.com") and where they lead; null: the context that the handshake began with.
using ContextsByName = std::map<std::string, SSL_CTX*>;

/// Lets handshakes on `initial` go on with the context of the name that the client asks for, or stay for a name that
/// nobody has. Holds references to all contexts until `initial` is freed, which its handshakes keep alive.
bool use_server_names(SSL_CTX* initial, const ContextsByName& contexts);

}  // namespace transom::tls
