// Renews the node's session ticket keys in time.
#pragma once
#include <cstdint>
#include <memory>

#include "base/random.h"
#include "io/loop.h"
#include "io/timer.h"
#include "node/config/config.h"
#include "tls/ticket_keys.h"

namespace transom::node {

/// The period of the one ring that all endpoints share: the shortest that any of them asks for; 0 where none uses it.
std::int64_t ticket_rotation_s(const NodeConfig& config);

/// Rotates `keys` every `period_s` seconds; 0: never. Lives on core 0's thread, not longer than its loop.
class TicketRotation {
 public:
  TicketRotation(io::Loop& loop, std::shared_ptr<tls::TicketKeys> keys, std::int64_t period_s);
  /// Another period, from now on.
  void set_period(std::int64_t period_s);

 private:
  void rotate();

  std::shared_ptr<tls::TicketKeys> keys_;
  SystemRandom random_;
  std::int64_t period_s_ = 0;
  io::Timer timer_;
};

}  // namespace transom::node
