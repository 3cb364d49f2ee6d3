// Listening sockets that were made by whoever started the program: systemd's socket activation (sd_listen_fds(3)).
//
//   LISTEN_PID=pid of the receiver   LISTEN_FDS=N: descriptors 3 to 3 + N - 1   LISTEN_FDNAMES=name *( ":" name )
#pragma once
#include <sys/socket.h>

#include <string>
#include <vector>

namespace transom::io {

/// Owns those sockets until they are taken; what nobody took is closed with it.
class InheritedSockets {
 public:
  InheritedSockets() = default;
  /// Takes over what the environment announces to this process and removes the announcement, so that no child sees it.
  /// Before there are threads.
  static InheritedSockets from_environment();
  /// For tests: `fd` as if it had been inherited.
  void add(int fd, const std::string& name);

  InheritedSockets(InheritedSockets&& other) noexcept { *this = std::move(other); }
  InheritedSockets& operator=(InheritedSockets&& other) noexcept;
  ~InheritedSockets();

  /// The socket that is bound to this address and port, non-blocking; the caller owns it. -1: there is none. For all
  /// addresses of IPv4 also one for all of IPv6 that takes IPv4 as well, which is what `ListenStream=443` makes.
  int take(const sockaddr_storage& address);
  /// The one bound to this path, absolute.
  int take(const std::string& path);

  /// What was announced and cannot be used, one sentence each.
  const std::vector<std::string>& problems() const { return problems_; }
  /// What has not been taken, e.g. "[::]:443 (web.socket)".
  std::vector<std::string> left() const;

 private:
  struct Entry {
    int fd;
    std::string name, text;
    sockaddr_storage address;
  };
  template <class Fits>
  int take_if(const Fits& fits);

  std::vector<Entry> entries_;
  std::vector<std::string> problems_;
};

}  // namespace transom::io
