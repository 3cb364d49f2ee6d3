#include "io/acceptor.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"

namespace transom::io {
namespace {

std::string address_text(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return fmt::format("{}:{}", text, ntohs(v4.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    return fmt::format("[{}]:{}", text, ntohs(v6.sin6_port));
  }
  return "unix";
}

int open_reserve() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace

Acceptor::Acceptor(Loop& loop, int fd, Callback on_accept)
    : socket_(loop, fd, *this),
      resume_(
          loop.timers(), [](void* self) { static_cast<Acceptor*>(self)->socket_.watch(true, false); }, this),
      on_accept_(std::move(on_accept)),
      reserve_fd_(open_reserve()) {
  socket_.watch(true, false);
}

Acceptor::~Acceptor() {
  if (reserve_fd_ >= 0) ::close(reserve_fd_);
}

void Acceptor::on_socket_ready(bool, bool) {
  for (int i = 0; i < kBatch && accept_one();) ++i;
}

bool Acceptor::accept_one() {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  const int fd = accept4(socket_.fd(), reinterpret_cast<sockaddr*>(&address), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) {
    if (exhausted_) log_info("accepting connections again");
    exhausted_ = false;
    on_accept_(fd, address_text(address));
    return true;
  }
  if (errno == EINTR || errno == ECONNABORTED) return true;
  if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) shed_one();
  return false;
}

void Acceptor::shed_one() {
  if (!exhausted_) log_error("cannot accept a connection: {}; raise the limit (ulimit -n)", std::strerror(errno));
  exhausted_ = true;
  // The waiting client is told by a close instead of being left to hang; then a pause, so that a full table of
  // descriptors does not make the loop spin.
  if (reserve_fd_ >= 0) {
    ::close(reserve_fd_);
    const int fd = ::accept(socket_.fd(), nullptr, nullptr);
    if (fd >= 0) ::close(fd);
  }
  reserve_fd_ = open_reserve();
  socket_.watch(false, false);
  resume_.start(kPauseMs);
}

}  // namespace transom::io
