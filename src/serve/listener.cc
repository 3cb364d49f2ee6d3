#include "serve/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "io/port_holder.h"
#include "serve/privileged_port.h"

namespace transom::serve {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

bool parse_address(const std::string& text, bool v6, std::uint16_t port, Address& address) {
  if (v6) {
    auto& in6 = reinterpret_cast<sockaddr_in6&>(address.storage);
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(port);
    address.length = sizeof in6;
    return inet_pton(AF_INET6, text.c_str(), &in6.sin6_addr) == 1;
  }
  auto& in4 = reinterpret_cast<sockaddr_in&>(address.storage);
  in4.sin_family = AF_INET;
  in4.sin_port = htons(port);
  address.length = sizeof in4;
  return inet_pton(AF_INET, text.c_str(), &in4.sin_addr) == 1;
}

std::string bind_hint(int error, std::uint16_t port) {
  if (error == EADDRINUSE) {
    const std::string holder = io::describe_port_holder(port);
    return holder.empty() ? "; stop what uses it or choose another port"
                          : fmt::format("; {} uses it: stop that or choose another port", holder);
  }
  if (error == EACCES) return privileged_port_hint(port);
  if (error == EADDRNOTAVAIL) return "; no interface of this machine has that address";
  return "";
}

void enable(int fd, int level, int option) {
  const int one = 1;
  setsockopt(fd, level, option, &one, sizeof one);
}

}  // namespace

Listener::Listener(TransportConfig config, const SiteContext& context)
    : config_(std::move(config)), site_(config_, context) {}

Listener::~Listener() {
  for (const int fd : sockets_) ::close(fd);
}

Status Listener::open(const tls::ServerResources& resources, io::InheritedSockets& inherited,
                      std::vector<std::string>& warnings) {
  const EndpointConfig& endpoint = config_.endpoint;
  if (endpoint.tls) {
    auto context = tls::ServerContext::create(*endpoint.tls, resources, warnings);
    if (!context) return tl::make_unexpected(context.error());
    set_tls(std::move(*context));
  }
  if (endpoint.type == EndpointConfig::Type::unix) return open_unix(inherited);
  const bool v6 = endpoint.family != EndpointConfig::Family::v4;
  if (endpoint.interfaces.empty()) {
    return open_tcp(v6 ? "::" : "0.0.0.0", v6, endpoint.family == EndpointConfig::Family::v6, inherited);
  }
  for (const std::string& address : endpoint.interfaces) {
    const bool v6_address = address.find(':') != std::string::npos;
    if (auto opened = open_tcp(address, v6_address, true, inherited); !opened) return opened;
  }
  return {};
}

void Listener::set_options(int fd) const {
  enable(fd, IPPROTO_TCP, TCP_NODELAY);  // accepted sockets inherit it
  const int timeout_ms = config_.endpoint.user_timeout_ms;
  if (timeout_ms > 0) setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
}

Status Listener::open_tcp(const std::string& interface_address, bool v6, bool v6_only,
                          io::InheritedSockets& inherited) {
  const EndpointConfig& endpoint = config_.endpoint;
  Address address;
  if (!parse_address(interface_address, v6, endpoint.port, address)) {
    return fail("transport {}: \"{}\" is not an {} address", config_.id, interface_address, v6 ? "IPv6" : "IPv4");
  }
  if (const int ready = inherited.take(address.storage); ready >= 0) {
    set_options(ready);
    sockets_.push_back(ready);
    return {};
  }
  const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail("transport {}: cannot make a socket: {}", config_.id, std::strerror(errno));
  sockets_.push_back(fd);
  enable(fd, SOL_SOCKET, SO_REUSEADDR);
  set_options(fd);
  if (endpoint.shared) enable(fd, SOL_SOCKET, SO_REUSEPORT);
  if (v6) {
    const int only = v6_only ? 1 : 0;
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  }
  if (bind(fd, address.get(), address.length) != 0 || listen(fd, endpoint.backlog) != 0) {
    const int error = errno;
    return fail("transport {}: cannot listen on {}{}{} port {}: {}{}", config_.id, v6 ? "[" : "", interface_address,
                v6 ? "]" : "", endpoint.port, std::strerror(error), bind_hint(error, endpoint.port));
  }
  return {};
}

Status Listener::open_unix(io::InheritedSockets& inherited) {
  const std::string& path = config_.endpoint.path;
  if (const int ready = inherited.take(path); ready >= 0) {
    sockets_.push_back(ready);
    return {};
  }
  made_path_ = path;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return fail("transport {}: the socket path {} is longer than {} octets", config_.id, path,
                sizeof address.sun_path - 1);
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  struct stat status;
  if (lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) {
      return fail("transport {}: {} exists and is not a socket; remove it or choose another path", config_.id, path);
    }
    ::unlink(path.c_str());  // left over by a node that is gone: the node directory's lock says that none runs
  }
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail("transport {}: cannot make a socket: {}", config_.id, std::strerror(errno));
  sockets_.push_back(fd);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(fd, config_.endpoint.backlog) != 0) {
    return fail("transport {}: cannot listen on {}: {}", config_.id, path, std::strerror(errno));
  }
  return {};
}

std::string Listener::description() const {
  const EndpointConfig& endpoint = config_.endpoint;
  const char* suffix = endpoint.tls ? " (TLS)" : "";
  if (endpoint.type == EndpointConfig::Type::unix) return fmt::format("unix {}{}", endpoint.path, suffix);
  std::string text;
  for (const std::string& address : endpoint.interfaces) {
    const bool v6 = address.find(':') != std::string::npos;
    text += fmt::format("{}{}{}{}:{}", text.empty() ? "" : ", ", v6 ? "[" : "", address, v6 ? "]" : "", endpoint.port);
  }
  if (text.empty()) {
    text = fmt::format("{}:{}", endpoint.family == EndpointConfig::Family::v4 ? "0.0.0.0" : "[::]", endpoint.port);
  }
  return fmt::format("tcp {}{}", text, suffix);
}

}  // namespace transom::serve
