#include "serve/handshake_gate.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <utility>

namespace transom::serve {
namespace {

std::uint64_t big_endian(const std::uint8_t* octets, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | octets[i];
  return value;
}

/// No IPv6 network begins with 0000:ffff, so the two families cannot meet.
Network network_of_v4(const std::uint8_t* octets) { return 0x0000'ffff'0000'0000 | big_endian(octets, 4); }

}  // namespace

Network network_of(std::string_view peer) {
  const std::size_t colon = peer.rfind(':');
  if (colon == std::string_view::npos) return kNoNetwork;
  const bool bracketed = peer.front() == '[' && colon >= 2;
  const std::string host(bracketed ? peer.substr(1, colon - 2) : peer.substr(0, colon));
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    return network_of_v4(reinterpret_cast<const std::uint8_t*>(&v4));
  }
  in6_addr v6{};
  if (inet_pton(AF_INET6, host.c_str(), &v6) != 1) return kNoNetwork;
  return IN6_IS_ADDR_V4MAPPED(&v6) ? network_of_v4(v6.s6_addr + 12) : big_endian(v6.s6_addr, 8);
}

bool HandshakeGate::has_room(Network network) const {
  const auto place = places_.find(network);
  return place == places_.end() || place->second.handshakes < kMaxHandshakesOfNetwork;
}

bool HandshakeGate::waits(Network network) const {
  const auto place = places_.find(network);
  return place != places_.end() && !place->second.waiting.empty();
}

void HandshakeGate::begun(Network network) {
  if (network != kNoNetwork) ++places_[network].handshakes;
}

void HandshakeGate::ended(Network network) {
  if (network == kNoNetwork) return;
  const auto place = places_.find(network);
  if (place == places_.end()) return;
  --place->second.handshakes;
  forget_if_empty(network);
}

bool HandshakeGate::wait(Arrival arrival) {
  Place& place = places_[arrival.network];
  if (waiting_count_ >= kMaxWaiting || place.waiting.size() >= kMaxWaitingOfNetwork) {
    forget_if_empty(arrival.network);
    return false;
  }
  if (place.waiting.empty()) turns_.push_back(arrival.network);
  place.waiting.push_back(std::move(arrival));
  ++waiting_count_;
  return true;
}

std::optional<Arrival> HandshakeGate::next() {
  // Few have no room of their own: each of them holds kMaxHandshakesOfNetwork of a core's connections.
  for (std::size_t looked_at = 0; looked_at < turns_.size(); ++looked_at) {
    const Network network = turns_.front();
    if (has_room(network)) return take(network);
    turns_.pop_front();
    turns_.push_back(network);
  }
  return std::nullopt;
}

std::optional<Arrival> HandshakeGate::take_older(std::uint64_t before_ms) {
  for (const Network network : turns_) {
    if (places_.at(network).waiting.front().arrived_ms <= before_ms) return take(network);
  }
  return std::nullopt;
}

/// Its next turn comes after that of all others.
Arrival HandshakeGate::take(Network network) {
  Place& place = places_.at(network);
  Arrival arrival = std::move(place.waiting.front());
  place.waiting.pop_front();
  --waiting_count_;
  turns_.erase(std::find(turns_.begin(), turns_.end(), network));
  if (place.waiting.empty()) {
    forget_if_empty(network);
  } else {
    turns_.push_back(network);
  }
  return arrival;
}

void HandshakeGate::forget_if_empty(Network network) {
  const auto place = places_.find(network);
  if (place->second.handshakes == 0 && place->second.waiting.empty()) places_.erase(place);
}

}  // namespace transom::serve
