#include "serve/core.h"

#include <unistd.h>

#include <algorithm>

#include "base/log.h"
#include "serve/core_group.h"

namespace transom::serve {
namespace {

constexpr std::uint64_t kGateTickMs = 200;
constexpr std::uint64_t kEpisodeMs = 10'000;

}  // namespace

Core::Core(router::CoreId id, CoreGroup& group, const std::vector<std::unique_ptr<router::Realm>>& realms)
    : id_(id),
      group_(group),
      router_(id, realms, *this, random_),
      held_timer_(
          loop_.timers(), [](void* self) { static_cast<Core*>(self)->release_held(); }, this),
      gate_timer_(
          loop_.timers(), [](void* self) { static_cast<Core*>(self)->end_long_waits(); }, this) {
  loop_.set_mail_handler([this] { return handle_letters(); });
  loop_.set_patient_work([this] { return advance_handshakes(); });
}

Core::~Core() { loop_.forget_flush(*this); }

void Core::drop_connections() {
  while (const auto arrival = gate_.take_older(~std::uint64_t{0})) refuse(*arrival);
  for_each_connection([this](Connection& connection) { release(connection); });
  buried_.clear();
}

void Core::shut_down() {
  stopping_ = true;
  while (const auto arrival = gate_.take_older(~std::uint64_t{0})) refuse(*arrival);
  for_each_connection([](Connection& connection) { connection.shut_down(); });
}

// ---------------------------------------------------------------- coming in

bool Core::may_begin(const Listener& listener, Network network) const {
  return half_open_ < kMaxHalfOpen && (!listener.config().endpoint.tls || gate_.has_room(network));
}

void Core::adopt(int fd, const Listener& listener, std::string peer) {
  const Network network = network_of(peer);
  Arrival arrival{fd, &listener, std::move(peer), network, loop_.now_ms()};
  if (stopping_) return refuse(arrival);
  if (!gate_.waits(network) && may_begin(listener, network)) return begin(std::move(arrival));
  const std::string text = arrival.peer;
  // A flood that lets the room empty and fill again is still one for the log.
  if (loop_.now_ms() - std::exchange(last_crowded_ms_, loop_.now_ms()) > kEpisodeMs) {
    said_waiting_ = said_refusing_ = said_too_long_ = false;
  }
  if (gate_.wait(arrival)) {
    if (!std::exchange(said_waiting_, true)) {
      log_info("core {}: too many connections are in their handshakes; {} and others wait for their turn", id_, text);
    }
    if (!gate_timer_.armed()) gate_timer_.start(kGateTickMs);
    return;
  }
  if (!std::exchange(said_refusing_, true)) {
    log_warn("core {}: {} connections wait for their handshakes; {} and others are refused", id_, gate_.waiting(),
             text);
  }
  refuse(arrival);
}

void Core::begin(Arrival arrival) {
  ++half_open_;
  ++counters_.accepted;
  connections_.insert(new Connection(*this, std::move(arrival)));
}

void Core::refuse(const Arrival& arrival) {
  counters_.connections.fetch_sub(1, std::memory_order_relaxed);
  ::close(arrival.fd);
}

void Core::on_flush() {
  buried_.clear();
  admit_waiting();
}

void Core::admit_waiting() {
  while (gate_.waiting() > 0 && half_open_ < kMaxHalfOpen) {
    auto next = gate_.next();
    if (!next) break;
    begin(std::move(*next));
  }
}

/// The deadline of a handshake is absolute, so it runs for those who wait to begin it, too.
void Core::end_long_waits() {
  const std::uint64_t now = loop_.now_ms();
  while (now >= Connection::kTlsHandshakeMs) {
    const auto arrival = gate_.take_older(now - Connection::kTlsHandshakeMs);
    if (!arrival) break;
    if (!std::exchange(said_too_long_, true)) {
      log_warn("core {}: {} and others waited {} s for their handshake and are closed", id_, arrival->peer,
               Connection::kTlsHandshakeMs / 1000);
    }
    refuse(*arrival);
  }
  if (gate_.waiting() > 0) gate_timer_.start(kGateTickMs);
}

bool Core::advance_handshakes() {
  if (handshake_queue_.empty()) return false;
  const auto end = std::chrono::steady_clock::now() + kHandshakeBudget;
  do {
    Connection* const next = handshake_queue_.front();
    handshake_queue_.pop_front();
    if (next != nullptr) next->advance_handshake();
  } while (!handshake_queue_.empty() && std::chrono::steady_clock::now() < end);
  return !handshake_queue_.empty();
}

void Core::forget_handshake_turn(Connection& connection) {
  std::replace(handshake_queue_.begin(), handshake_queue_.end(), &connection, static_cast<Connection*>(nullptr));
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
