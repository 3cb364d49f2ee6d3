#include "serve/core.h"

#include <unistd.h>

#include "base/log.h"
#include "serve/core_group.h"

namespace transom::serve {

Core::Core(router::CoreId id, CoreGroup& group, const std::vector<std::unique_ptr<router::Realm>>& realms)
    : id_(id),
      group_(group),
      router_(id, realms, *this, random_),
      held_timer_(
          loop_.timers(), [](void* self) { static_cast<Core*>(self)->release_held(); }, this) {
  loop_.set_mail_handler([this] { return handle_letters(); });
}

Core::~Core() { loop_.forget_flush(*this); }

void Core::drop_connections() {
  for_each_connection([this](Connection& connection) { release(connection); });
  buried_.clear();
}

void Core::adopt(int fd, const Listener& listener, std::string peer) {
  if (half_open_ >= kMaxHalfOpen) {
    if (!half_open_full_)
      log_warn("core {}: {} connections are in their handshakes; refusing new ones", id_, half_open_);
    half_open_full_ = true;  // said once, until there is ample room again
    counters_.connections.fetch_sub(1, std::memory_order_relaxed);
    ::close(fd);
    return;
  }
  if (half_open_ < kMaxHalfOpen / 4 * 3) half_open_full_ = false;
  ++half_open_;
  ++counters_.accepted;
  connections_.insert(new Connection(*this, listener, fd, std::move(peer)));
}

void Core::release(Connection& connection) {
  if (connections_.erase(&connection) == 0) return;
  held_.erase(&connection);
  counters_.connections.fetch_sub(1, std::memory_order_relaxed);
  buried_.emplace_back(&connection);
  loop_.want_flush(*this);
}

namespace {

/// What a letter weighs while it waits.
std::size_t weight(const router::Envelope& envelope) {
  constexpr std::size_t kEach = 256;
  return kEach + std::visit(
                     [](const auto& letter) -> std::size_t {
                       if constexpr (requires { letter.payload.octets; }) {
                         return letter.payload.octets ? letter.payload.octets->size() : 0;
                       } else {
                         return 0;
                       }
                     },
                     envelope);
}

}  // namespace

void Core::deliver(router::Envelope envelope) {
  letters_octets_.fetch_add(weight(envelope), std::memory_order_relaxed);
  letters_.put(std::move(envelope));
  loop_.wake();
}

void Core::post(router::CoreId to, router::Envelope envelope) { group_.core(to).deliver(std::move(envelope)); }

bool Core::handle_letters() {
  for (std::size_t handled = 0; handled < kLettersPerTurn; ++handled) {
    if (next_letter_ == taken_letters_.size()) {
      next_letter_ = 0;
      if (!letters_.take(taken_letters_)) return false;
    }
    const router::Envelope letter = std::move(taken_letters_[next_letter_++]);
    letters_octets_.fetch_sub(weight(letter), std::memory_order_relaxed);
    router_.handle(letter);
  }
  return next_letter_ < taken_letters_.size() || !letters_.empty();
}

bool Core::congested() const {
  for (std::size_t i = 0; i < group_.size(); ++i) {
    const Core& other = group_.core(i);
    if (&other != this && other.letters_octets_.load(std::memory_order_relaxed) > kCongestedOctets) return true;
  }
  return false;
}

void Core::hold(Connection& connection) {
  held_.insert(&connection);
  if (!held_timer_.armed()) held_timer_.start(0);
}

void Core::release_held() {
  if (congested()) return held_timer_.start(0);
  const auto held = std::exchange(held_, {});
  for (Connection* connection : held) connection->go_on_reading();
}

}  // namespace transom::serve
