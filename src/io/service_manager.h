// What the node tells a service manager that waits for it: systemd's sd_notify(3), one datagram for each state.
#pragma once
#include <string_view>

namespace transom::io {

/// Sends e.g. "READY=1" to the socket that $NOTIFY_SOCKET names (a path, or "@" and an abstract name). Nothing happens
/// where it names none.
void notify_service_manager(std::string_view state);

}  // namespace transom::io
