// Ports that the system keeps for the privileged: what to tell somebody who was refused one.
#pragma once
#include <cstdint>
#include <string>

namespace transom::serve {

/// How this program can get the right to listen on `port`, after bind failed with EACCES; begins with "; ".
std::string privileged_port_hint(std::uint16_t port);

}  // namespace transom::serve
