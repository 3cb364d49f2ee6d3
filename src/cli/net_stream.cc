#include "cli/net_stream.h"

#include <netdb.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "cli/cli_error.h"

namespace transom::cli {
namespace {

using Addresses = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

int milliseconds_to(Deadline deadline) {
  if (deadline == kNoDeadline) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<long>(left, 0, 1'000'000'000));
}

enum class Ready { socket, other, neither };

/// Waits for the socket or for the other descriptor (-1: there is none).
Ready wait_for(int socket, short events, int other, Deadline deadline) {
  for (;;) {
    pollfd entries[] = {{socket, events, 0}, {other, POLLIN, 0}};
    const int count = poll(entries, 2, milliseconds_to(deadline));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return Ready::neither;
    return entries[1].revents != 0 ? Ready::other : Ready::socket;
  }
}

Addresses look_up(const wire::Url& url) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &hints, &found);
  if (error != 0) give_up("cannot find the address of {}: {}", url.host, gai_strerror(error));
  return {found, freeaddrinfo};
}

/// 0 or the errno of the failure.
int connect_one(int socket, const addrinfo& address, Deadline deadline) {
  if (connect(socket, address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (wait_for(socket, POLLOUT, -1, deadline) == Ready::neither) return ETIMEDOUT;
  int error = 0;
  socklen_t length = sizeof error;
  return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

}  // namespace

InterruptWatch::InterruptWatch() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  fd_ = serve::UniqueFd(signalfd(-1, &signals, SFD_CLOEXEC));
}

NetStream::NetStream(const wire::Url& url, const TrustOptions& trust, Deadline deadline)
    : peer_(fmt::format("{}:{}", url.host, url.port)) {
  connect_any(url, deadline);
  if (url.scheme == "wss" || url.scheme == "https") shake_hands(url, trust, deadline);
}

void NetStream::connect_any(const wire::Url& url, Deadline deadline) {
  const Addresses addresses = look_up(url);
  int error = ECONNREFUSED;
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    socket_ = serve::UniqueFd(socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    error = socket_ ? connect_one(socket_.get(), *address, deadline) : errno;
    if (error == 0) return;
  }
  give_up("cannot connect to {}: {}; start a node there with `transom start`, or name another by --url", peer_,
          std::strerror(error));
}

void NetStream::shake_hands(const wire::Url& url, const TrustOptions& trust, Deadline deadline) {
  context_ = value_or_give_up(tls::make_client_context(trust.ca_file));
  if (trust.insecure) SSL_CTX_set_verify(context_.get(), SSL_VERIFY_NONE, nullptr);
  tls_ = std::make_unique<tls::Stream>(context_.get(), url.host);
  Buffer out, plain;
  tls_->start(out);
  write_raw(out.view(), deadline);
  while (tls_->state() == tls::Stream::State::handshaking) {
    if (read(plain, deadline) == Outcome::closed) give_up("{} closed the connection during the TLS handshake", peer_);
  }
}

void NetStream::through_tls(ByteSpan received, Buffer& plain, Deadline deadline) {
  Buffer out;
  const auto state = tls_->receive(received, plain, out);
  if (state == tls::Stream::State::failed) {
    const bool untrusted = SSL_get_verify_result(tls_->native()) != X509_V_OK;
    give_up("TLS with {} failed: {}{}", peer_, tls_->error(),
            untrusted ? "; run this in the directory of a default node, or name the CA by --ca FILE" : "");
  }
  write_raw(out.view(), deadline);
}

void NetStream::write(ByteSpan octets, Deadline deadline) {
  if (!tls_) return write_raw(octets, deadline);
  Buffer out;
  if (tls_->send(octets, out) == tls::Stream::State::failed) give_up("TLS with {} failed: {}", peer_, tls_->error());
  write_raw(out.view(), deadline);
}

void NetStream::write_raw(ByteSpan octets, Deadline deadline) {
  while (!octets.empty()) {
    const ssize_t count = send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      octets = octets.subspan(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      if (wait_for(socket_.get(), POLLOUT, -1, deadline) == Ready::neither) give_up("{} takes no more data", peer_);
    } else if (errno != EINTR) {
      give_up("the connection to {} is lost: {}", peer_, std::strerror(errno));
    }
  }
}

NetStream::Outcome NetStream::read(Buffer& out, Deadline deadline, int interrupt_fd) {
  const std::size_t before = out.size();
  std::uint8_t piece[16 * 1024];
  for (;;) {
    const ssize_t count = recv(socket_.get(), piece, sizeof piece, 0);
    if (count == 0) return Outcome::closed;
    if (count > 0) {
      const ByteSpan received(piece, static_cast<std::size_t>(count));
      if (!tls_) {
        out.append(received);
        return Outcome::data;
      }
      const auto state_before = tls_->state();
      through_tls(received, out, deadline);
      if (out.size() > before || tls_->state() != state_before) return Outcome::data;
      if (tls_->state() == tls::Stream::State::peer_closed) return Outcome::closed;
    } else if (errno == EAGAIN) {
      const Ready ready = wait_for(socket_.get(), POLLIN, interrupt_fd, deadline);
      if (ready == Ready::other) return Outcome::interrupted;
      if (ready == Ready::neither) give_up("{} does not answer in time; --timeout allows it more", peer_);
    } else if (errno != EINTR) {
      give_up("the connection to {} is lost: {}", peer_, std::strerror(errno));
    }
  }
}

void NetStream::finish() {
  Buffer out;
  if (tls_) tls_->shut_down(out);
  if (!out.empty()) (void)!send(socket_.get(), out.view().data(), out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  socket_ = serve::UniqueFd();
}

}  // namespace transom::cli
