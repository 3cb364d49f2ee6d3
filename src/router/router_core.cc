#include "router/router_core.h"

#include <algorithm>

#include "router/limits.h"

namespace transom::router {

RouterCore::RouterCore(CoreId id, const std::vector<std::unique_ptr<Realm>>& realms, Bus& bus, Random& random)
    : id_(id), bus_(bus), random_(random) {
  for (const auto& realm : realms) parts_.push_back(std::make_unique<RealmPart>(*this, *realm));
}

void RouterCore::handle(const Envelope& envelope) {
  std::visit([this](const auto& letter) { on(letter); }, envelope);
}

void RouterCore::post(CoreId to, Envelope envelope) {
  if (to == id_) return handle(envelope);
  bus_.post(to, std::move(envelope));
}

RealmPart* RouterCore::find_realm(std::string_view worker_id, std::string_view name) {
  for (const auto& realm : parts_) {
    if (realm->shared.name == name && realm->shared.worker_id == worker_id) return realm.get();
  }
  return nullptr;
}

Session* RouterCore::find(SessionRef ref) const {
  if (ref.core != id_ || ref.slot >= slots_.size()) return nullptr;
  const Slot& slot = slots_[ref.slot];
  return slot.generation == ref.generation ? slot.session : nullptr;
}

void RouterCore::for_each_session(const std::function<void(Session&)>& visit) const {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].session != nullptr) visit(*slots_[i].session);
  }
}

FramePtr RouterCore::frame_encoded(const Peer& peer) {
  const bool text = wamp::serializer_info(peer.serializer()).text;
  FramePtr frame = wire::frame_message(peer.framing(), text, encode_buffer_.view());
  constexpr std::size_t kKeptOctets = 1 << 20;
  if (encode_buffer_.capacity() > kKeptOctets) encode_buffer_.release();
  return frame;
}

SessionRef RouterCore::add(Session& session) {
  std::uint32_t slot;
  if (!free_slots_.empty()) {
    slot = free_slots_.back();
    free_slots_.pop_back();
  } else {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  }
  slots_[slot].session = &session;
  if (++slots_[slot].generation == 0) slots_[slot].generation = 1;
  ++joined_count_;
  return {id_, slot, slots_[slot].generation};
}

void RouterCore::remove(SessionRef ref) {
  slots_[ref.slot].session = nullptr;
  free_slots_.push_back(ref.slot);
  --joined_count_;
}

void RouterCore::on(const Subscribe& letter) {
  const Id subscription = part(letter.realm).directory->subscribe(letter.match, letter.uri, letter.session.core);
  post(letter.session.core, Subscribed{letter.realm, letter.session, letter.request, letter.match, subscription});
}

void RouterCore::on(const Register& letter) {
  const auto registration = part(letter.realm).directory->register_procedure(letter.match, letter.uri, letter.session);
  Registered reply{letter.realm, letter.session, letter.request, letter.match, registration.value_or(0), {}};
  if (!registration) reply.error = registration.error().message;
  post(letter.session.core, std::move(reply));
}

void RouterCore::on(const Release& letter) {
  Directory& directory = *part(letter.realm).directory;
  for (const Id subscription : letter.subscriptions) directory.unsubscribe(subscription, letter.session.core);
  for (const Id registration : letter.registrations) directory.unregister(registration);
  if (letter.unregister_request != 0) {
    post(letter.session.core, Unregistered{letter.session, letter.unregister_request});
  }
}

void RouterCore::on(const Unregistered& letter) {
  Session* session = find(letter.session);
  if (session == nullptr || !session->joined()) return;
  auto reply = session->encoder(wamp::MessageType::unregistered, 1);
  reply.id(letter.request);
  session->send(reply);
}

}  // namespace transom::router
