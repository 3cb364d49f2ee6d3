#include "serve/privileged_port.h"

#include <fmt/format.h>
#include <sys/xattr.h>

#include <filesystem>
#include <fstream>

#include "tls/pem_file.h"

namespace transom::serve {
namespace {

constexpr unsigned kUsualFirst = 1024;

/// The first port that everybody may take.
unsigned first_free_port() {
  std::ifstream file("/proc/sys/net/ipv4/ip_unprivileged_port_start");
  unsigned port = kUsualFirst;
  return file >> port ? port : kUsualFirst;
}

std::string this_program() {
  std::error_code problem;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", problem);
  return problem ? "transom" : tls::shell_word(path.string());
}

}  // namespace

std::string privileged_port_hint(std::uint16_t port) {
  const unsigned first = first_free_port();
  if (port >= first) return "; a security policy of this machine forbids it";
  const bool in_vain = getxattr("/proc/self/exe", "security.capability", nullptr, 0) > 0;
  return fmt::format(
      "; ports below {} need a privilege. One of these gives it:\n"
      "  sudo setcap cap_net_bind_service=+ep {}{}\n"
      "  systemd, in the service: AmbientCapabilities=CAP_NET_BIND_SERVICE\n"
      "  systemd, in a socket unit: ListenStream={}\n"
      "  start as root and give root up: transom start --user NAME\n"
      "docs/ports.md says more about each",
      first, this_program(), in_vain ? "   (it has one without effect: NoNewPrivileges= or a nosuid mount?)" : "",
      port);
}

}  // namespace transom::serve
