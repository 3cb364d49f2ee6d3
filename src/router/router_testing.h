// For tests only: a node's routers in one thread, and clients without a network.
//
// The letters between cores wait in one queue for each ordered pair of cores until the test delivers them, so that a
// test (or the simulator) chooses the interleaving. Clients speak trees of nlohmann/json, an implementation of all
// serializations that is not ours.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "router/router_core.h"

namespace transom::router::testing {

using nlohmann::json;

inline std::vector<std::uint8_t> encode(wamp::SerializerId serializer, const json& value) {
  switch (serializer) {
    case wamp::SerializerId::msgpack:
      return json::to_msgpack(value);
    case wamp::SerializerId::cbor:
      return json::to_cbor(value);
    case wamp::SerializerId::json:
      break;
  }
  const std::string text = value.dump();
  return {text.begin(), text.end()};
}

inline json decode(wamp::SerializerId serializer, ByteSpan octets) {
  switch (serializer) {
    case wamp::SerializerId::msgpack:
      return json::from_msgpack(octets.begin(), octets.end());
    case wamp::SerializerId::cbor:
      return json::from_cbor(octets.begin(), octets.end());
    case wamp::SerializerId::json:
      break;
  }
  return json::parse(octets.begin(), octets.end());
}

/// The payload of a whole unmasked WebSocket frame.
inline ByteSpan unframe(ByteSpan frame) {
  const std::size_t length = frame[1] & 0x7f;
  return frame.subspan(length < 126 ? 2 : length == 126 ? 4 : 10);
}

/// All cores of a node.
class TestNode {
 public:
  explicit TestNode(std::size_t core_count = 1, std::uint64_t seed = 1) : queues_(core_count * core_count) {
    for (std::size_t core = 0; core < core_count; ++core) {
      ports_.push_back(std::make_unique<Port>(*this, core));
      randoms_.push_back(std::make_unique<SeededRandom>(seed * 64 + core));
    }
  }
  /// All realms before `start`.
  void add_realm(const RealmConfig& config, CoreId home = 0, std::string worker_id = "worker") {
    const auto id = static_cast<RealmId>(realms_.size());
    realms_.push_back(std::make_unique<Realm>(id, home, std::move(worker_id), config));
  }
  void start() {
    for (std::size_t core = 0; core < ports_.size(); ++core) {
      cores_.push_back(
          std::make_unique<RouterCore>(static_cast<CoreId>(core), realms_, *ports_[core], *randoms_[core]));
    }
  }

  std::size_t core_count() const { return ports_.size(); }
  RouterCore& core(std::size_t id) { return *cores_[id]; }
  Realm& realm(std::size_t id) { return *realms_[id]; }
  /// A realm's part on its home core.
  RealmPart& home_part(std::size_t id) {
    return *cores_[realms_[id]->home]->find_realm(realms_[id]->worker_id, realms_[id]->name);
  }

  std::deque<Envelope>& queue(std::size_t from, std::size_t to) { return queues_[from * ports_.size() + to]; }
  /// Delivers the oldest letter from one core to another; false when there is none.
  bool deliver_one(std::size_t from, std::size_t to) {
    auto& letters = queue(from, to);
    if (letters.empty()) return false;
    const Envelope letter = std::move(letters.front());
    letters.pop_front();
    cores_[to]->handle(letter);
    return true;
  }
  void deliver_all() {
    for (bool moved = true; moved;) {
      moved = false;
      for (std::size_t i = 0; i < queues_.size(); ++i) {
        while (deliver_one(i / ports_.size(), i % ports_.size())) moved = true;
      }
    }
  }
  /// Called in the middle of a core's step, when it has posted a letter: other cores run at the same time, so they may
  /// be made to do something right here.
  std::function<void()> on_posted;
  bool quiet() const {
    for (const auto& letters : queues_) {
      if (!letters.empty()) return false;
    }
    return true;
  }

 private:
  struct Port final : Bus {
    Port(TestNode& owner, std::size_t of) : node(owner), from(of) {}
    void post(CoreId to, Envelope envelope) override {
      node.queue(from, to).push_back(std::move(envelope));
      if (node.on_posted) node.on_posted();
    }
    TestNode& node;
    std::size_t from;
  };
  std::vector<std::deque<Envelope>> queues_;
  std::vector<std::unique_ptr<Port>> ports_;
  std::vector<std::unique_ptr<SeededRandom>> randoms_;
  std::vector<std::unique_ptr<Realm>> realms_;
  std::vector<std::unique_ptr<RouterCore>> cores_;
};

/// A client and its transport. It records what it is sent.
class TestClient final : public Peer {
 public:
  explicit TestClient(RouterCore& core, wamp::SerializerId serializer = wamp::SerializerId::json,
                      const AuthConfig* auth = nullptr, std::string_view worker_id = "worker")
      : serializer_(serializer), session_(std::make_unique<Session>(core, *this, worker_id, auth)) {}

  void say(const json& message) { say_octets(encode(serializer_, message)); }
  void say_octets(const std::vector<std::uint8_t>& octets) { session_->receive(octets, false); }
  /// The transport is lost; the object of the session goes, too.
  void drop() { session_.reset(); }
  Session& session() { return *session_; }

  /// Opens a session; gives WELCOME.
  json join(const std::string& realm = "realm1", const json& more = json::object()) {
    json details = {{"roles",
                     {{"publisher", json::object()},
                      {"subscriber", json::object()},
                      {"caller", json::object()},
                      {"callee", json::object()}}}};
    details.update(more);
    say({1, realm, details});
    return take();
  }
  /// Says a request, `request` being its id, and gives what came first.
  json ask(const json& message) {
    say(message);
    return take();
  }

  /// The oldest message not yet taken; null when there is none.
  json take() {
    if (received_.empty()) return nullptr;
    json message = decode(serializer_, unframe(received_.front()->bytes()));
    received_.pop_front();
    return message;
  }
  /// The octets of the oldest message, as they are.
  FramePtr take_frame() {
    FramePtr frame = received_.front();
    received_.pop_front();
    return frame;
  }
  std::size_t waiting() const { return received_.size(); }

  bool ended = false;
  CloseReason end_reason = CloseReason::none;
  int joined_count = 0, left_count = 0;

  void send(FramePtr frame) override { received_.push_back(std::move(frame)); }
  void end(CloseReason reason) override {
    ended = true;
    end_reason = reason;
  }
  void on_joined() override { ++joined_count; }
  void on_left() override { ++left_count; }
  wamp::SerializerId serializer() const override { return serializer_; }
  wire::Framing framing() const override { return wire::Framing::websocket; }
  const std::string& name() const override { return name_; }
  TransportFacts transport_facts() const override { return facts; }
  TransportFacts facts;

 private:
  const wamp::SerializerId serializer_;
  const std::string name_ = "test";
  std::deque<FramePtr> received_;
  std::unique_ptr<Session> session_;  // last: its end may still need the rest
};

/// A role that may do everything.
inline RoleConfig open_role(std::string name = "anonymous") {
  RoleConfig role;
  role.name = std::move(name);
  role.permissions.push_back({"", wamp::Match::prefix, true, true, true, true, false, false});
  return role;
}
inline RealmConfig open_realm(std::string name = "realm1") {
  RealmConfig realm;
  realm.name = std::move(name);
  realm.roles.push_back(open_role());
  return realm;
}

}  // namespace transom::router::testing
