// Who may begin a TLS handshake on a core and who waits for another to end: a count for each place that clients come
// from, so that one of them cannot take the room of all.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/hash.h"

namespace transom::serve {

class Listener;

/// Clients that count together: an IPv4 address, or a /64 of IPv6, which one customer of a provider has for himself.
using Network = std::uint64_t;

/// Unix sockets, whose clients have passed the file's permissions: they are not counted.
inline constexpr Network kNoNetwork = ~Network{0};

/// Of "127.0.0.1:4711", "[2001:db8::1]:4711", "[::ffff:192.0.2.1]:4711" (as "192.0.2.1") or "unix".
Network network_of(std::string_view peer);

/// An accepted socket that has to wait.
struct Arrival {
  int fd;
  const Listener* listener;
  std::string peer;
  Network network;
  std::uint64_t arrived_ms;
};

/// Owned by a Core, on its thread. It owns no descriptor: whoever takes an arrival out closes it.
class HandshakeGate {
 public:
  /// At a time and core; an honest one takes milliseconds, one that is begun and left costs memory for 10 s.
  static constexpr std::size_t kMaxHandshakesOfNetwork = 512;
  /// What waits costs a descriptor and some 100 octets. A burst of thousands from one address comes through in turn.
  static constexpr std::size_t kMaxWaitingOfNetwork = 6144;
  static constexpr std::size_t kMaxWaiting = 8192;

  bool has_room(Network network) const;
  void begun(Network network);
  void ended(Network network);

  /// False: it has to be refused.
  bool wait(Arrival arrival);
  /// The next that has room now: one of each network in turn, in each the one that came first.
  std::optional<Arrival> next();
  /// One that came at `before_ms` or earlier.
  std::optional<Arrival> take_older(std::uint64_t before_ms);
  std::size_t waiting() const { return waiting_count_; }
  bool waits(Network network) const;

 private:
  struct Place {
    std::size_t handshakes = 0;
    std::deque<Arrival> waiting;
  };
  Arrival take(Network network);
  void forget_if_empty(Network network);

  std::unordered_map<Network, Place, IdHash> places_;
  std::deque<Network> turns_;  // each network with something waiting, once
  std::size_t waiting_count_ = 0;
};

}  // namespace transom::serve
