// Who listens on a TCP port of this machine, for the error about a busy port.
#pragma once
#include <cstdint>
#include <string>

namespace transom::io {

/// E.g. "nginx (PID 812)"; empty when the kernel does not show it to this user.
std::string describe_port_holder(std::uint16_t port);

}  // namespace transom::io
