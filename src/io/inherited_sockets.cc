#include "io/inherited_sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>

#include "base/log.h"

namespace transom::io {
namespace {

constexpr int kFirstDescriptor = 3;
constexpr int kMostSockets = 1024;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::optional<int> number(const std::string& text) {
  int value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string next_name(std::string_view& names) {
  const auto colon = names.find(':');
  std::string name = log_safe(names.substr(0, colon), 64);
  names = colon == names.npos ? std::string_view() : names.substr(colon + 1);
  return name;
}

const sockaddr_in& v4(const sockaddr_storage& address) { return reinterpret_cast<const sockaddr_in&>(address); }
const sockaddr_in6& v6(const sockaddr_storage& address) { return reinterpret_cast<const sockaddr_in6&>(address); }
/// Empty for an abstract or unnamed socket.
std::string path_of(const sockaddr_storage& address) {
  const auto& local = reinterpret_cast<const sockaddr_un&>(address);
  return {local.sun_path, strnlen(local.sun_path, sizeof local.sun_path)};
}

std::string text_of(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    inet_ntop(AF_INET, &v4(address).sin_addr, text, sizeof text);
    return fmt::format("{}:{}", text, ntohs(v4(address).sin_port));
  }
  if (address.ss_family == AF_INET6) {
    inet_ntop(AF_INET6, &v6(address).sin6_addr, text, sizeof text);
    return fmt::format("[{}]:{}", text, ntohs(v6(address).sin6_port));
  }
  if (address.ss_family == AF_UNIX && !path_of(address).empty()) return log_safe(path_of(address));
  return fmt::format("a socket of address family {}", address.ss_family);
}

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, level, name, &value, &size) == 0 ? value : -1;
}

/// What keeps the descriptor from being accepted on; empty: nothing.
std::string problem_of(int fd) {
  const int type = option(fd, SOL_SOCKET, SO_TYPE);
  if (type < 0) return "is no socket";
  if (type != SOCK_STREAM) return "is no stream socket; use ListenStream= in its unit";
  if (option(fd, SOL_SOCKET, SO_ACCEPTCONN) != 1) return "does not listen; Accept= must be \"no\" in its unit";
  return "";
}

bool same_address(const sockaddr_storage& a, const sockaddr_storage& b) {
  if (a.ss_family != b.ss_family) return false;
  if (a.ss_family == AF_INET) {
    return v4(a).sin_port == v4(b).sin_port && v4(a).sin_addr.s_addr == v4(b).sin_addr.s_addr;
  }
  return a.ss_family == AF_INET6 && v6(a).sin6_port == v6(b).sin6_port &&
         std::memcmp(&v6(a).sin6_addr, &v6(b).sin6_addr, sizeof(in6_addr)) == 0;
}

bool takes_all(const sockaddr_storage& dual, int fd, const sockaddr_storage& wanted) {
  return wanted.ss_family == AF_INET && v4(wanted).sin_addr.s_addr == htonl(INADDR_ANY) && dual.ss_family == AF_INET6 &&
         v4(wanted).sin_port == v6(dual).sin6_port && IN6_IS_ADDR_UNSPECIFIED(&v6(dual).sin6_addr) &&
         option(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0;
}

/// Without symlinks such as /var/run.
std::filesystem::path canonical(const std::string& path) {
  std::error_code problem;
  const auto result = std::filesystem::weakly_canonical(path, problem);
  return problem ? std::filesystem::path(path) : result;
}

}  // namespace

InheritedSockets InheritedSockets::from_environment() {
  InheritedSockets result;
  const std::string count_text = variable("LISTEN_FDS"), pid = variable("LISTEN_PID");
  const std::string names_text = variable("LISTEN_FDNAMES");
  for (const char* name : {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}) unsetenv(name);
  if (count_text.empty() || number(pid) != static_cast<int>(getpid())) return result;
  const auto count = number(count_text);
  if (!count || *count < 0 || *count > kMostSockets) {
    result.problems_.push_back(
        fmt::format("LISTEN_FDS is \"{}\", not a number up to {}: sockets of the service manager "
                    "are not used",
                    log_safe(count_text, 32), kMostSockets));
    return result;
  }
  std::string_view names = names_text;
  for (int fd = kFirstDescriptor; fd < kFirstDescriptor + *count; ++fd) result.add(fd, next_name(names));
  return result;
}

void InheritedSockets::add(int fd, const std::string& name) {
  const std::string problem = problem_of(fd);
  if (!problem.empty()) {
    problems_.push_back(
        fmt::format("inherited descriptor {}{} {}: closed", fd, name.empty() ? "" : " (" + name + ")", problem));
    ::close(fd);
    return;
  }
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  Entry entry{fd, name, "", {}};
  socklen_t length = sizeof entry.address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&entry.address), &length);
  entry.text = text_of(entry.address);
  entries_.push_back(std::move(entry));
}

InheritedSockets& InheritedSockets::operator=(InheritedSockets&& other) noexcept {
  entries_.swap(other.entries_);
  problems_.swap(other.problems_);
  return *this;
}

InheritedSockets::~InheritedSockets() {
  for (const Entry& entry : entries_) ::close(entry.fd);
}

template <class Fits>
int InheritedSockets::take_if(const Fits& fits) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), fits);
  if (found == entries_.end()) return -1;
  const int fd = found->fd;
  entries_.erase(found);
  return fd;
}

int InheritedSockets::take(const sockaddr_storage& address) {
  const int exact = take_if([&](const Entry& entry) { return same_address(entry.address, address); });
  if (exact >= 0) return exact;
  return take_if([&](const Entry& entry) { return takes_all(entry.address, entry.fd, address); });
}

int InheritedSockets::take(const std::string& path) {
  return take_if([&](const Entry& entry) {
    return entry.address.ss_family == AF_UNIX && !path_of(entry.address).empty() &&
           canonical(path_of(entry.address)) == canonical(path);
  });
}

std::vector<std::string> InheritedSockets::left() const {
  std::vector<std::string> texts;
  for (const Entry& entry : entries_) {
    texts.push_back(entry.name.empty() ? entry.text : fmt::format("{} ({})", entry.text, entry.name));
  }
  return texts;
}

}  // namespace transom::io
