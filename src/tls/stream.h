// One TLS connection as a pure byte machine: octets of the network in, octets of the network out, no socket.
#pragma once
#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "tls/context.h"

namespace transom::tls {

/// Owned by one connection on one core. An idle stream owns no buffers of ours (OpenSSL's are released by
/// SSL_MODE_RELEASE_BUFFERS): an own BIO reads from the span given to `receive` and writes into the Buffer given to
/// each call, which the core shares among all its connections.
class Stream {
 public:
  /// What a call left behind.
  enum class State {
    handshaking,
    open,
    peer_closed,  // close_notify came
    failed,       // `error()` says why; what was written into `network_out` (an alert) should still be sent
  };

  /// Server side.
  explicit Stream(const ServerContext& context);
  /// Client side (the command line tools): verifies `host` against the roots of `context`.
  Stream(SSL_CTX* client_context, const std::string& host);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Takes octets from the network. Plaintext is appended to `plain_out`, octets to send to `network_out`. A partial
  /// record is kept inside. Renegotiation and more than a few key updates fail the stream.
  State receive(ByteSpan network_in, Buffer& plain_out, Buffer& network_out);
  /// Client side: starts the handshake.
  State start(Buffer& network_out) { return receive({}, unused_plain_, network_out); }

  /// Encrypts all of `plain` in records of at most 16 KiB, appended to `network_out`. Only in state open.
  State send(ByteSpan plain, Buffer& network_out);
  /// Writes close_notify once.
  void shut_down(Buffer& network_out);

  State state() const { return state_; }
  /// One line for the log, e.g. "the client offers TLS 1.1 only; this node needs 1.2 or 1.3". Empty unless failed.
  const std::string& error() const { return error_; }
  SSL* native() const { return ssl_; }

 private:
  SSL* ssl_ = nullptr;
  State state_ = State::handshaking;
  std::string error_;
  // ... what else the implementation needs; keep it small: this is per idle connection.
  static thread_local Buffer unused_plain_;
};

}  // namespace transom::tls
