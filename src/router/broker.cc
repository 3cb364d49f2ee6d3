#include "router/broker.h"

#include <algorithm>

#include "router/limits.h"
#include "router/realm.h"
#include "router/router_core.h"
#include "router/session.h"

namespace transom::router {
namespace {

using wamp::MessageType;

/// A list may be long and is asked once for each subscriber, so it is sorted first.
void sort_lists(wamp::PublishOptions& options) {
  for (auto* list : {&options.exclude, &options.eligible}) {
    if (*list) std::sort((*list)->begin(), (*list)->end());
  }
  for (auto* list :
       {&options.exclude_authid, &options.exclude_authrole, &options.eligible_authid, &options.eligible_authrole}) {
    if (*list) std::sort((*list)->begin(), (*list)->end());
  }
}

template <typename List, typename Value>
bool contains(const List& sorted, const Value& value) {
  return std::binary_search(sorted.begin(), sorted.end(), value);
}

/// All six tests must pass; a list that is there but empty means nobody for `eligible`, nothing for `exclude`.
bool is_eligible(const Session& session, const wamp::PublishOptions& lists) {
  if (lists.exclude && contains(*lists.exclude, session.id())) return false;
  if (lists.exclude_authid && contains(*lists.exclude_authid, session.authid())) return false;
  if (lists.exclude_authrole && contains(*lists.exclude_authrole, session.authrole())) return false;
  if (lists.eligible && !contains(*lists.eligible, session.id())) return false;
  if (lists.eligible_authid && !contains(*lists.eligible_authid, session.authid())) return false;
  return !lists.eligible_authrole || contains(*lists.eligible_authrole, session.authrole());
}

}  // namespace

void Broker::publish(Session& publisher, const wamp::Message& message) {
  auto options = wamp::read_publish_options(message.payload.serializer, message.details);
  if (!options) return publisher.violate("PUBLISH: " + options.error().message);
  const auto refuse = [&](std::string_view uri, std::string_view text) {
    if (options->acknowledge) publisher.send_error(MessageType::publish, message.request, uri, text);
  };
  if (!wamp::is_valid_uri(message.uri, realm_.shared.uri_check) || wamp::is_reserved_uri(message.uri)) {
    return refuse("wamp.error.invalid_uri", "the topic is not a valid URI to publish to");
  }
  const Decision decision = publisher.authorizer().decide(Action::publish, message.uri);
  if (!decision.allow) {
    return refuse("wamp.error.not_authorized", "not authorized to publish to this topic");
  }
  const Id publication = core_.random_id();
  if (options->acknowledge) {
    auto reply = publisher.encoder(MessageType::published, 2);
    reply.id(message.request).id(publication);
    publisher.send(reply);
  }

  matched_.clear();
  std::uint64_t cores = 0;
  realm_.snapshot().subscriptions.for_each_match(message.uri, [&](wamp::Match, const SubscriptionEntry& entry) {
    matched_.push_back({entry.id, entry.cores});
    cores |= entry.cores;
  });
  if (cores == 0) return;
  if (options->has_lists()) sort_lists(*options);
  const Identity identity = publisher.identity(decision.disclose);
  const std::uint64_t here = std::uint64_t{1} << core_.id();
  if ((cores & here) != 0) {
    const Delivery delivery{publication,
                            message.uri,
                            identity,
                            message.payload,
                            options->exclude_me ? &publisher : nullptr,
                            options->has_lists() ? &*options : nullptr};
    for (const Matched& match : matched_) {
      if ((match.cores & here) != 0) deliver(match.subscription, delivery);
    }
  }
  if ((cores &= ~here) == 0) return;
  Event letter{
      realm_.shared.id, publication, {}, std::string(message.uri), identity, SharedPayload::copy(message.payload), {}};
  if (options->has_lists()) letter.lists = std::make_shared<const wamp::PublishOptions>(std::move(*options));
  for (CoreId core = 0; cores != 0; ++core, cores >>= 1) {
    if ((cores & 1) == 0) continue;
    letter.subscriptions.clear();
    for (const Matched& match : matched_) {
      if (((match.cores >> core) & 1) != 0) letter.subscriptions.push_back(match.subscription);
    }
    core_.post(core, letter);
  }
}

void Broker::on_event(const Event& letter) {
  const Delivery delivery{letter.publication,    letter.topic, letter.publisher,
                          letter.payload.view(), nullptr,      letter.lists.get()};
  for (const Id subscription : letter.subscriptions) deliver(subscription, delivery);
}

void Broker::deliver(Id subscription, const Delivery& delivery) {
  const auto found = subscribers_.find(subscription);
  if (found == subscribers_.end()) return;
  const Subscribers& subscribers = found->second;
  FramePtr frames[wamp::kSerializerCount][wire::kFramingCount];  // each kind is encoded once, for its first receiver
  const Authorizer* judged = nullptr;
  bool allowed = true;
  for (Session* session : subscribers.sessions) {
    if (session == delivery.excluded) continue;
    if (delivery.lists != nullptr && !is_eligible(*session, *delivery.lists)) continue;
    if (subscribers.match != wamp::Match::exact && &session->authorizer() != judged) {
      // A pattern may cover topics that the role must not see: the topic itself is judged as well, once per role.
      judged = &session->authorizer();
      allowed = judged->decide(Action::subscribe, delivery.topic).allow;
    }
    if (subscribers.match != wamp::Match::exact && !allowed) continue;
    FramePtr& frame = frames[static_cast<std::size_t>(session->peer().serializer())]
                            [static_cast<std::size_t>(session->peer().framing())];
    if (!frame) frame = encode_event(*session, subscription, subscribers.match, delivery);
    session->peer().send(frame);
  }
}

FramePtr Broker::encode_event(const Session& receiver, Id subscription, wamp::Match match, const Delivery& delivery) {
  Buffer& buffer = core_.encode_buffer();
  buffer.clear();
  const wamp::SerializerId serializer = receiver.peer().serializer();
  wamp::Encoder event(serializer, buffer, MessageType::event, 3, delivery.payload);
  event.id(subscription).id(delivery.publication);
  Session::write_details(event, "topic", match == wamp::Match::exact ? std::string_view() : delivery.topic, "publisher",
                         delivery.publisher);
  event.finish();
  return core_.frame_encoded(receiver.peer());
}

void Broker::subscribe(Session& session, const wamp::Message& message) {
  const auto options = wamp::read_match_options(message.payload.serializer, message.details);
  if (!options) return session.violate("SUBSCRIBE: " + options.error().message);
  const auto refuse = [&](std::string_view uri, std::string_view text) {
    session.send_error(MessageType::subscribe, message.request, uri, text);
  };
  if (!wamp::is_valid_pattern(message.uri, realm_.shared.uri_check, options->match)) {
    return refuse("wamp.error.invalid_uri", "the topic is not a valid URI to subscribe to");
  }
  if (options->match == wamp::Match::wildcard && has_too_many_components(message.uri)) {
    return refuse("wamp.error.invalid_uri", "the wildcard pattern has too many components");
  }
  if (!session.authorizer().decide(Action::subscribe, message.uri).allow) {
    return refuse("wamp.error.not_authorized", "not authorized to subscribe to this topic");
  }
  if (session.subscriptions.size() + session.requests_at_home >= kMaxSubscriptionsPerSession) {
    return refuse("transom.error.limit_exceeded", "this session has too many subscriptions");
  }
  ++session.requests_at_home;
  core_.post(realm_.shared.home,
             Subscribe{realm_.shared.id, session.ref(), message.request, options->match, std::string(message.uri)});
}

void Broker::on_subscribed(const Subscribed& letter) {
  Session* session = core_.find(letter.session);
  const bool alive = session != nullptr && session->joined();
  if (alive) --session->requests_at_home;
  if (!alive || session->subscriptions.contains(letter.subscription)) {
    // The home core counted a subscriber that is gone, or the same one twice.
    core_.post(realm_.shared.home, Release{realm_.shared.id, letter.session, 0, {letter.subscription}, {}});
    if (!alive) return;
  } else {
    Subscribers& subscribers =
        subscribers_.try_emplace(letter.subscription, Subscribers{letter.match, {}}).first.value();
    session->subscriptions.emplace(letter.subscription, subscribers.sessions.size());
    subscribers.sessions.push_back(session);
  }
  auto reply = session->encoder(MessageType::subscribed, 2);
  reply.id(letter.request).id(letter.subscription);
  session->send(reply);
}

void Broker::unsubscribe(Session& session, const wamp::Message& message) {
  const auto found = session.subscriptions.find(message.id);
  if (found == session.subscriptions.end()) {
    return session.send_error(MessageType::unsubscribe, message.request, "wamp.error.no_such_subscription",
                              "this session has no subscription of that id");
  }
  remove(session, message.id, found->second);
  session.subscriptions.erase(found);
  core_.post(realm_.shared.home, Release{realm_.shared.id, session.ref(), 0, {message.id}, {}});
  // Answered at once: this core is the last judge. By way of the home core, the SUBSCRIBED of a second SUBSCRIBE for
  // the same topic could get ahead, and EVENTs of that subscription would follow this UNSUBSCRIBED.
  auto reply = session.encoder(MessageType::unsubscribed, 1);
  reply.id(message.request);
  session.send(reply);
}

std::vector<Id> Broker::leave(Session& session) {
  std::vector<Id> ids;
  ids.reserve(session.subscriptions.size());
  const auto held = std::exchange(session.subscriptions, {});  // gives the memory back, too
  for (const auto& [subscription, index] : held) {
    remove(session, subscription, index);
    ids.push_back(subscription);
  }
  return ids;
}

void Broker::remove(Session& session, Id subscription, std::size_t index) {
  const auto found = subscribers_.find(subscription);
  std::vector<Session*>& sessions = found.value().sessions;
  Session* const last = sessions.back();
  sessions[index] = last;  // the last one takes the free place
  if (last != &session) last->subscriptions[subscription] = index;
  sessions.pop_back();
  if (sessions.empty()) subscribers_.erase(found);
}

}  // namespace transom::router
