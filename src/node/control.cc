#include "node/control.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

namespace transom::node {
namespace {

using serve::UniqueFd;
using Clock = std::chrono::steady_clock;

constexpr int kBacklog = 8;

std::string socket_path(const std::string& directory) { return directory + "/" + kControlSocketName; }

/// A socket address. A path that does not fit is reached through a descriptor of its directory.
class SocketAddress {
 public:
  static Result<SocketAddress> of(const std::string& directory) {
    SocketAddress made;
    std::string path = socket_path(directory);
    if (path.size() >= sizeof made.address_.sun_path) {
      made.directory_ = UniqueFd(open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
      if (!made.directory_) return fail("cannot open {}: {}", directory, std::strerror(errno));
      path = fmt::format("/proc/self/fd/{}/{}", made.directory_.get(), kControlSocketName);
    }
    made.address_.sun_family = AF_UNIX;
    std::memcpy(made.address_.sun_path, path.c_str(), path.size() + 1);
    return made;
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
  static constexpr socklen_t size() { return sizeof(sockaddr_un); }

 private:
  UniqueFd directory_;
  sockaddr_un address_{};
};

UniqueFd make_socket() { return UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

/// Waits until the descriptor is ready or the deadline has passed.
bool wait_for(int fd, short events, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd entry{fd, events, 0};
    const int count = poll(&entry, 1, static_cast<int>(std::max<long>(left, 0)));
    if (count > 0) return true;
    if (count == 0 || errno != EINTR) return false;
  }
}

Status send_all(int fd, std::string_view text, Clock::time_point deadline) {
  while (!text.empty()) {
    if (!wait_for(fd, POLLOUT, deadline)) return fail("the node does not take the request");
    const ssize_t count = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return fail("{}", std::strerror(errno));
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<std::string> receive_line(int fd, Clock::time_point deadline) {
  std::string line;
  char piece[16 * 1024];
  while (line.size() <= kMaxControlAnswer) {
    if (!wait_for(fd, POLLIN, deadline)) return fail("the node does not answer");
    const ssize_t count = recv(fd, piece, sizeof piece, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count < 0) return fail("{}", std::strerror(errno));
    if (count == 0) return fail("the node closed the connection without an answer");
    line.append(piece, static_cast<std::size_t>(count));
    if (const auto end = line.find('\n'); end != std::string::npos) return line.substr(0, end);
  }
  return fail("the answer is too long");
}

}  // namespace

Result<UniqueFd> bind_control_socket(const std::string& directory) {
  const auto address = SocketAddress::of(directory);
  if (!address) return tl::make_unexpected(address.error());
  UniqueFd listener = make_socket();
  if (!listener) return fail("cannot create the control socket: {}", std::strerror(errno));
  remove_control_socket(directory);
  // The mode of the descriptor before `bind` becomes that of the file: there is no moment with a wider one.
  if (fchmod(listener.get(), 0600) != 0 || bind(listener.get(), address->get(), SocketAddress::size()) != 0 ||
      listen(listener.get(), kBacklog) != 0) {
    return fail("cannot listen on {}: {}", socket_path(directory), std::strerror(errno));
  }
  return listener;
}

void remove_control_socket(const std::string& directory) { unlink(socket_path(directory).c_str()); }

Result<std::string> ask_node(const std::string& directory, const std::string& request, int timeout_ms) {
  const auto deadline = Clock::now() + std::chrono::milliseconds(timeout_ms);
  const auto address = SocketAddress::of(directory);
  if (!address) return tl::make_unexpected(address.error());
  const UniqueFd connection = make_socket();
  if (!connection) return fail("cannot create a socket: {}", std::strerror(errno));
  if (connect(connection.get(), address->get(), SocketAddress::size()) != 0) {
    return fail("cannot reach the node over {}: {}", socket_path(directory), std::strerror(errno));
  }
  if (auto status = send_all(connection.get(), request + "\n", deadline); !status) {
    return fail("{}: {}", socket_path(directory), status.error().message);
  }
  auto answer = receive_line(connection.get(), deadline);
  return answer ? answer : fail("{}: {}", socket_path(directory), answer.error().message);
}

}  // namespace transom::node
