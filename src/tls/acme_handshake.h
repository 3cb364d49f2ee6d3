// tls-alpn-01 on a server's side (RFC 8737): a handshake that only shows a certificate.
#pragma once
#include <openssl/ssl.h>

#include <memory>

#include "tls/acme_challenges.h"

namespace transom::tls {

/// Lets handshakes on `context` answer the challenges that are under way: a client that offers just `kAcmeProtocol`,
/// and whose server name has an entry, gets the certificate of that entry. It is asked for no certificate of its own,
/// and no session of it is resumed or kept. The context holds `challenges` from then on.
bool answer_acme_challenges(SSL_CTX* context, std::shared_ptr<const AcmeChallenges> challenges);

/// Whether the handshake of `ssl` is such a one: nothing may be said after it.
bool is_acme_handshake(const SSL* ssl);

}  // namespace transom::tls
