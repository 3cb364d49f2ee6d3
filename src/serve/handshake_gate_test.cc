#include "serve/handshake_gate.h"

#include <gtest/gtest.h>

namespace transom::serve {
namespace {

Arrival arrival(const std::string& peer, std::uint64_t at_ms = 0) {
  return {-1, nullptr, peer, network_of(peer), at_ms};
}

std::string next_peer(HandshakeGate& gate) {
  auto next = gate.next();
  return next ? next->peer : "none";
}

TEST(HandshakeGate, CountsAnAddressOfV4AndA64OfV6) {
  EXPECT_EQ(network_of("192.0.2.1:80"), network_of("192.0.2.1:81"));
  EXPECT_NE(network_of("192.0.2.1:80"), network_of("192.0.2.2:80"));
  EXPECT_EQ(network_of("[2001:db8:1:2::1]:80"), network_of("[2001:db8:1:2:ffff::9]:81"));
  EXPECT_NE(network_of("[2001:db8:1:2::1]:80"), network_of("[2001:db8:1:3::1]:80"));
  EXPECT_EQ(network_of("[::ffff:192.0.2.1]:80"), network_of("192.0.2.1:9"));
  EXPECT_NE(network_of("[::1]:80"), kNoNetwork);
  EXPECT_EQ(network_of("unix"), kNoNetwork);
}

TEST(HandshakeGate, OneAddressFillsItsOwnRoomOnly) {
  HandshakeGate gate;
  const Network full = network_of("192.0.2.1:1"), other = network_of("192.0.2.2:1");
  for (std::size_t i = 0; i < HandshakeGate::kMaxHandshakesOfNetwork; ++i) {
    ASSERT_TRUE(gate.has_room(full));
    gate.begun(full);
  }
  EXPECT_FALSE(gate.has_room(full));
  EXPECT_TRUE(gate.has_room(other));
  gate.ended(full);
  EXPECT_TRUE(gate.has_room(full));
}

TEST(HandshakeGate, UnixSocketsAreNotCounted) {
  HandshakeGate gate;
  for (std::size_t i = 0; i <= HandshakeGate::kMaxHandshakesOfNetwork; ++i) gate.begun(kNoNetwork);
  EXPECT_TRUE(gate.has_room(kNoNetwork));
  gate.ended(kNoNetwork);
  ASSERT_TRUE(gate.wait(Arrival{-1, nullptr, "unix", kNoNetwork, 0}));
  gate.ended(kNoNetwork);
  EXPECT_TRUE(gate.has_room(kNoNetwork));
}

TEST(HandshakeGate, NetworksTakeTurnsAndEachKeepsItsOrder) {
  HandshakeGate gate;
  for (const char* peer : {"192.0.2.1:1", "192.0.2.1:2", "192.0.2.1:3", "192.0.2.2:1"}) {
    ASSERT_TRUE(gate.wait(arrival(peer)));
  }
  EXPECT_EQ(gate.waiting(), 4u);
  for (const char* peer : {"192.0.2.1:1", "192.0.2.2:1", "192.0.2.1:2", "192.0.2.1:3", "none"}) {
    EXPECT_EQ(next_peer(gate), peer);
  }
  EXPECT_EQ(gate.waiting(), 0u);
}

TEST(HandshakeGate, WhoHasNoRoomIsPassedOver) {
  HandshakeGate gate;
  const Network full = network_of("192.0.2.1:1");
  for (std::size_t i = 0; i < HandshakeGate::kMaxHandshakesOfNetwork; ++i) gate.begun(full);
  gate.wait(arrival("192.0.2.1:1"));
  gate.wait(arrival("192.0.2.2:1"));
  EXPECT_EQ(next_peer(gate), "192.0.2.2:1");
  EXPECT_EQ(next_peer(gate), "none");
  gate.ended(full);
  EXPECT_EQ(next_peer(gate), "192.0.2.1:1");
}

TEST(HandshakeGate, WaitingHasLimits) {
  HandshakeGate gate;
  for (std::size_t i = 0; i < HandshakeGate::kMaxWaitingOfNetwork; ++i) ASSERT_TRUE(gate.wait(arrival("192.0.2.1:1")));
  EXPECT_FALSE(gate.wait(arrival("192.0.2.1:1")));
  for (std::size_t i = gate.waiting(); i < HandshakeGate::kMaxWaiting; ++i)
    ASSERT_TRUE(gate.wait(arrival("192.0.2.2:1")));
  EXPECT_FALSE(gate.wait(arrival("192.0.2.3:1")));
  EXPECT_FALSE(gate.waits(network_of("192.0.2.3:1")));
}

TEST(HandshakeGate, TheOldestAreTakenOut) {
  HandshakeGate gate;
  gate.wait(arrival("192.0.2.1:1", 10));
  gate.wait(arrival("192.0.2.1:2", 20));
  gate.wait(arrival("192.0.2.2:1", 15));
  EXPECT_EQ(gate.take_older(15)->peer, "192.0.2.1:1");
  EXPECT_EQ(gate.take_older(15)->peer, "192.0.2.2:1");
  EXPECT_FALSE(gate.take_older(15));
  EXPECT_EQ(gate.waiting(), 1u);
}

}  // namespace
}  // namespace transom::serve
