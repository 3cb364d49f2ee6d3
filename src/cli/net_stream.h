// A blocking TCP or TLS connection of a command, every wait of which has an end.
#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "serve/unique_fd.h"
#include "tls/client_context.h"
#include "tls/stream.h"
#include "wire/url.h"

namespace transom::cli {

using Deadline = std::chrono::steady_clock::time_point;
inline constexpr Deadline kNoDeadline = Deadline::max();
inline Deadline after_seconds(std::int64_t seconds) {
  return std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
}

/// How a server's certificate is judged.
struct TrustOptions {
  std::string ca_file;  // empty: the system's authorities
  bool insecure = false;
};

/// Ctrl-C and SIGTERM as something to wait for, while it lives.
class InterruptWatch {
 public:
  InterruptWatch();
  int fd() const { return fd_.get(); }

 private:
  serve::UniqueFd fd_;
};

class NetStream {
 public:
  enum class Outcome { data, closed, interrupted };

  /// Connects, and for https and wss shakes hands. Throws CliError.
  NetStream(const wire::Url& url, const TrustOptions& trust, Deadline deadline);

  void write(ByteSpan octets, Deadline deadline);
  /// Waits for octets and appends them to `out`. Throws CliError at the deadline. `interrupt_fd` (or -1) ends the wait.
  Outcome read(Buffer& out, Deadline deadline, int interrupt_fd = -1);
  /// Tells the peer, as far as that goes without waiting.
  void finish();

 private:
  void connect_any(const wire::Url& url, Deadline deadline);
  void shake_hands(const wire::Url& url, const TrustOptions& trust, Deadline deadline);
  /// Takes in what TLS made of received octets, and sends what it wants sent.
  void through_tls(ByteSpan received, Buffer& plain, Deadline deadline);
  void write_raw(ByteSpan octets, Deadline deadline);

  std::string peer_;  // for messages: "localhost:8443"
  serve::UniqueFd socket_;
  tls::ContextHandle context_;
  std::unique_ptr<tls::Stream> tls_;
};

}  // namespace transom::cli
