// One TLS connection as a pure byte machine: octets of the network in, octets of the network out, no socket.
#pragma once
#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "tls/context.h"

namespace transom::tls {

struct Exchange;

/// Owned by one connection on one core. An idle stream owns no buffers of ours (OpenSSL's are released by
/// SSL_MODE_RELEASE_BUFFERS): an own BIO reads from the span given to `receive` and writes into the Buffer given to
/// each call, which the core shares among all its connections.
class Stream {
 public:
  /// What a call left behind.
  enum class State : std::uint8_t {
    handshaking,
    open,
    peer_closed,  // close_notify came
    complete,     // the handshake was all there was to it, see acme_handshake.h: nothing is read or sent any more
    failed,       // `error()` says why; what was written into `network_out` (an alert) should still be sent
  };

  /// Server side.
  explicit Stream(const ServerContext& context);
  /// Client side (the command line tools): verifies `host`, a name or an IP address, against the roots of `context`.
  Stream(SSL_CTX* client_context, const std::string& host);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Takes octets from the network. Plaintext is appended to `plain_out`, octets to send to `network_out`. A partial
  /// record is kept inside. Renegotiation and more than a few key updates fail the stream.
  State receive(ByteSpan network_in, Buffer& plain_out, Buffer& network_out);
  /// Client side: starts the handshake.
  State start(Buffer& network_out);

  /// Encrypts all of `plain` in records of at most 16 KiB, appended to `network_out`. Only in state open.
  State send(ByteSpan plain, Buffer& network_out);
  /// Writes close_notify once.
  void shut_down(Buffer& network_out);

  State state() const { return state_; }
  /// One line for the log, e.g. "the client offers TLS 1.1 only; this node needs 1.2 or 1.3". Empty unless failed.
  const std::string& error() const;
  SSL* native() const { return ssl_; }

 private:
  bool prepare(SSL_CTX* context);
  void handshake(Exchange& exchange);
  void read(Exchange& exchange, Buffer& plain_out);
  void stop_reading(Exchange& exchange, int result);
  void fail_with(std::string reason);

  SSL* ssl_ = nullptr;
  std::unique_ptr<std::string> error_;  // most streams never need one
  std::uint32_t key_update_debt_ = 0;
  State state_ = State::handshaking;
};

}  // namespace transom::tls
