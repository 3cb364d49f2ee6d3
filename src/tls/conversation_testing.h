// For tests only: a server's Stream and a client, joined by memory.
#pragma once
#include <openssl/err.h>

#include <string>

#include "tls/test_support.h"

namespace transom::tls::test {

using SessionHandle = std::unique_ptr<SSL_SESSION, FreeWith<SSL_SESSION_free>>;

/// A client that speaks one version only and verifies nothing.
inline ContextHandle client_context(int version) {
  ContextHandle context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), version);
  SSL_CTX_set_max_proto_version(context.get(), version);
  return context;
}

inline CertificateConfig certificate_files(const TemporaryDirectory& files, const Identity& identity) {
  CertificateConfig config;
  config.key_file = files.write("key.pem", identity.key_text);
  config.certificate_file = files.write("cert.pem", identity.certificate_text);
  return config;
}

/// One connection, from the hellos to the ticket that follows.
struct Conversation {
  Conversation(const ServerContext& context, SSL_CTX* client_context, SSL_SESSION* session = nullptr)
      : server(context), client(client_context) {
    if (session != nullptr) SSL_set_session(client.ssl(), session);
  }

  /// True when both sides are open.
  bool run() {
    for (int turn = 0; turn < 6; ++turn) {
      const bool done = client.handshake();
      note_error();
      server.receive(as_bytes(client.take()), plain, network);
      client.give(network.view());
      network.clear();
      if (done && server.state() != Stream::State::handshaking) break;
    }
    client.read();  // the ticket of TLS 1.3, or an alert that came after the client's own end of the handshake
    note_error();
    return server.state() == Stream::State::open;
  }
  /// What the client has for its next connection. OpenSSL spoils the session of a client that is lost without a close.
  SessionHandle session() {
    SSL_set_shutdown(client.ssl(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    return SessionHandle(SSL_get1_session(client.ssl()));
  }
  bool resumed() { return SSL_session_reused(server.native()) == 1; }

  Stream server;
  RawClient client;
  Buffer plain, network;
  std::string client_error;  // the first one's reason

 private:
  void note_error() {
    const char* reason = ERR_reason_error_string(ERR_peek_error());
    if (client_error.empty() && reason != nullptr) client_error = reason;
    ERR_clear_error();
  }
};

}  // namespace transom::tls::test
