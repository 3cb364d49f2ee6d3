#include "node/tls/ticket_rotation.h"

#include <algorithm>

#include "base/log.h"

namespace transom::node {

std::int64_t ticket_rotation_s(const NodeConfig& config) {
  std::int64_t shortest = 0;
  for (const WorkerConfig& worker : config.workers) {
    for (const serve::TransportConfig& transport : worker.transports) {
      if (!transport.endpoint.tls) continue;
      const tls::TicketConfig& tickets = transport.endpoint.tls->tickets;
      if (!tickets.enabled || !tickets.key_files.empty()) continue;
      shortest = shortest == 0 ? tickets.rotate_s : std::min(shortest, tickets.rotate_s);
    }
  }
  return shortest;
}

TicketRotation::TicketRotation(io::Loop& loop, std::shared_ptr<tls::TicketKeys> keys, std::int64_t period_s)
    : keys_(std::move(keys)),
      timer_(
          loop.timers(), [](void* self) { static_cast<TicketRotation*>(self)->rotate(); }, this) {
  set_period(period_s);
}

void TicketRotation::set_period(std::int64_t period_s) {
  if (period_s == period_s_) return;
  period_s_ = period_s;
  timer_.cancel();
  if (period_s_ > 0) timer_.start(static_cast<std::uint64_t>(period_s_) * 1000);
}

void TicketRotation::rotate() {
  keys_->rotate(random_);
  log_debug("session ticket keys rotated");
  timer_.start(static_cast<std::uint64_t>(period_s_) * 1000);
}

}  // namespace transom::node
