// One core's router: its sessions, its parts of all realms, and the letters from other cores.
#pragma once
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "router/envelope.h"
#include "router/realm.h"
#include "router/session.h"

namespace transom::router {

/// Pure: time, sockets and threads stay outside. Everything runs on one thread at a time; the simulator runs many of
/// them on one.
class RouterCore {
 public:
  /// `realms` outlive it and are shared with the other cores.
  RouterCore(CoreId id, const std::vector<std::unique_ptr<Realm>>& realms, Bus& bus, Random& random);

  CoreId id() const { return id_; }
  /// A letter from another core.
  void handle(const Envelope& envelope);
  /// To another core through the bus, to this one at once.
  void post(CoreId to, Envelope envelope);

  /// Null when the worker has no realm of that name.
  RealmPart* find_realm(std::string_view worker_id, std::string_view name);
  /// Null when the session is gone or another lives in its place now.
  Session* find(SessionRef ref) const;
  void for_each_session(const std::function<void(Session&)>& visit) const;
  std::size_t session_count() const { return joined_count_; }
  std::size_t realm_sessions(RealmId realm) const { return parts_[realm]->session_count; }

  Random& random() { return random_; }
  /// Global scope: uniform over 1 to 2^53.
  Id random_id() { return (random_.next_u64() >> 11) + 1; }
  /// Holds the one message that is being written; empty it first.
  Buffer& encode_buffer() { return encode_buffer_; }
  /// What the encode buffer holds, wrapped for the transport of `peer`. A buffer that grew large is given back.
  FramePtr frame_encoded(const Peer& peer);
  wamp::Message& message_buffer() { return message_buffer_; }

 private:
  friend class Session;
  SessionRef add(Session& session);
  void remove(SessionRef ref);
  RealmPart& part(RealmId id) { return *parts_[id]; }

  void on(const Subscribe& letter);
  void on(const Register& letter);
  void on(const Release& letter);
  void on(const Subscribed& letter) { part(letter.realm).broker.on_subscribed(letter); }
  void on(const Registered& letter) { part(letter.realm).dealer.on_registered(letter); }
  void on(const Unregistered& letter);
  void on(const Event& letter) { part(letter.realm).broker.on_event(letter); }
  void on(const Invoke& letter) { part(letter.realm).dealer.on_invoke(letter); }
  void on(const Cancel& letter) { part(letter.realm).dealer.on_cancel(letter); }
  void on(const CallResult& letter) { part(letter.realm).dealer.on_call_result(letter); }
  void on(const CallError& letter) { part(letter.realm).dealer.on_call_error(letter); }

  struct Slot {
    Session* session = nullptr;
    std::uint32_t generation = 0;
  };
  CoreId id_;
  Bus& bus_;
  Random& random_;
  std::vector<std::unique_ptr<RealmPart>> parts_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::size_t joined_count_ = 0;
  Buffer encode_buffer_;
  wamp::Message message_buffer_;
};

}  // namespace transom::router
