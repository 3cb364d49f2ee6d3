// Sending staples: the handshake's side of OCSP stapling.
#pragma once
#include <memory>

#include "tls/handles.h"
#include "tls/staple.h"

namespace transom::tls {

/// Ties a slot to the certificate object that an SSL_CTX or SSL serves; the object keeps the slot alive.
void attach_staple(X509* leaf, std::shared_ptr<StapleSlot> slot);

/// Lets handshakes on `context` send the staple of whichever certificate they chose, if there is one that has not
/// expired and the client asks for it. Needed on every SSL_CTX that a server name can lead to. Any thread then.
void use_staples(SSL_CTX* context);

}  // namespace transom::tls
