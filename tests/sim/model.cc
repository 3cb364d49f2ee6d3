#include "sim/model.h"

#include <algorithm>

namespace transom::sim {
namespace {

const json kNone = json::object();

json options_of(const Pattern& pattern) {
  return pattern.match == Match::exact ? kNone : json{{"match", std::string(wamp::to_string(pattern.match))}};
}

template <typename Map>
auto pick(Map& map, std::uint64_t choice) {
  return std::next(map.begin(), static_cast<std::ptrdiff_t>(choice % map.size()));
}

/// Takes the entry of a request out of a table of open ones; it must be there.
template <typename Map>
auto take_request(Map& open, const json& message, std::size_t at) {
  const auto found = open.find(message.at(at).get<Id>());
  if (found == open.end()) broken("an answer to no open request");
  auto value = std::move(found->second);
  open.erase(found);
  return value;
}

std::vector<std::string> components(const std::string& uri) {
  std::vector<std::string> parts(1);
  for (const char c : uri) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

}  // namespace

bool Pattern::covers(const std::string& concrete) const {
  if (match == Match::exact) return concrete == uri;
  if (match == Match::prefix) return concrete.starts_with(uri);
  const auto wanted = components(uri), given = components(concrete);
  return std::equal(wanted.begin(), wanted.end(), given.begin(), given.end(),
                    [](const std::string& want, const std::string& is) { return want.empty() || want == is; });
}

// ---------------------------------------------------------------- acting

void Model::say(const json& message) {
  if (world_.trace != nullptr)
    world_.trace->push_back(fmt::format("{:5} client {} says {}", world_.step, number_, message.dump()));
  client_->say(message);
}

void Model::join(std::size_t realm) {
  if (client_ == nullptr) client_ = std::make_unique<router::testing::TestClient>(core_, serializer_);
  realm_ = realm;
  uid_ = ++world_.last_uid;
  say({1, fmt::format("realm{}", realm), {{"roles", {{"caller", kNone}}}}});
  look();
  if (session_id_ == 0) broken("no WELCOME");
}

void Model::leave() {
  leaving_ = true;
  say({6, kNone, "wamp.close.normal"});
  while (client_->waiting() > 1) on_message(client_->take());
  if (client_->take()[0] != 6) broken("GOODBYE is not answered, or not as the last message");
  forget();
}

void Model::drop() {
  leaving_ = true;
  client_.reset();
  forget();
}

/// The session is over; what it was promised is not owed any more.
void Model::forget() {
  std::erase_if(world_.awaited, [this](const auto& entry) { return std::get<0>(entry) == uid_; });
  for (const auto& [request, entry] : registering_) end_claim(entry.first, true);
  for (const auto& [request, entry] : unregistering_) end_claim(entry.second, true);
  for (const auto& [registration, pattern] : registrations_) end_claim(pattern, true);
  uid_ = 0;
  leaving_ = false;
  session_id_ = last_request_ = last_invocation_ = 0;
  last_publication_ = last_call_ = 0;
  publishing_.clear();
  subscribing_.clear();
  unsubscribing_.clear();
  subscriptions_.clear();
  last_event_.clear();
  last_event_of_.clear();
  registering_.clear();
  unregistering_.clear();
  registrations_.clear();
  last_invocation_of_.clear();
  owed_.clear();
  calls_.clear();
}

void Model::stop_awaiting(Id subscription) {
  std::erase_if(world_.awaited,
                [&](const auto& entry) { return std::get<0>(entry) == uid_ && std::get<1>(entry) == subscription; });
}

bool Model::subscribe(const Pattern& pattern) {
  const Id request = next_request();
  subscribing_[request] = {pattern, world_.step};
  say({32, request, options_of(pattern), pattern.uri});
  return true;
}

bool Model::unsubscribe(std::uint64_t choice) {
  if (subscriptions_.empty()) return false;
  const Id subscription = pick(subscriptions_, choice)->first;
  // From the moment the router has it, events may come only after another SUBSCRIBED.
  subscriptions_.erase(subscription);
  stop_awaiting(subscription);
  const Id request = next_request();
  unsubscribing_[request] = subscription;
  say({34, request, subscription});
  return true;
}

bool Model::publish(const std::string& topic, bool acknowledge, bool exclude_me, const std::vector<Model*>& all,
                    const Model* excluded) {
  const std::uint64_t counter = ++last_publication_;
  Publication& publication = world_.publications[{uid_, counter}];
  publication = {topic, realm_, exclude_me, {}, 0};
  json options = kNone;
  if (acknowledge) options["acknowledge"] = true;
  if (!exclude_me) options["exclude_me"] = false;
  if (excluded != nullptr && excluded->session_id_ != 0) {
    publication.excluded.insert(excluded->session_id_);
    options["exclude"] = {excluded->session_id_};
  }
  for (const Model* model : all) {
    if (!model->joined() || model->realm_ != realm_ || (model == this && exclude_me)) continue;
    if (publication.excluded.contains(model->session_id_)) continue;
    for (const auto& [subscription, pattern] : model->subscriptions_) {
      if (!pattern.covers(topic)) continue;
      world_.awaited.insert({model->uid_, subscription, uid_, counter});
      ++world_.counts.awaited_events;
    }
  }
  const Id request = next_request();
  if (acknowledge) publishing_[request] = counter;
  say({16, request, options, topic, {uid_, counter}});
  return true;
}

bool Model::register_(const Pattern& pattern) {
  const Id request = next_request();
  registering_[request] = {pattern, world_.step};
  ++world_.names[{realm_, pattern}].claims;
  say({64, request, options_of(pattern), pattern.uri});
  return true;
}

bool Model::unregister(std::uint64_t choice) {
  if (registrations_.empty()) return false;
  const auto entry = *pick(registrations_, choice);
  registrations_.erase(entry.first);
  const Id request = next_request();
  unregistering_[request] = entry;
  say({66, request, entry.first});
  return true;
}

void Model::end_claim(const Pattern& pattern, bool lingering) {
  Name& name = world_.names[{realm_, pattern}];
  --name.claims;
  name.last_end = world_.step;
  name.lingering |= lingering;
}

bool Model::call(const std::string& procedure, const std::vector<Model*>& all) {
  const Id request = next_request();
  Call& call = calls_[request];
  call.counter = ++last_call_;
  call.procedure = procedure;
  for (const Model* model : all) {
    if (!model->joined() || model->realm_ != realm_) continue;
    for (const auto& [registration, pattern] : model->registrations_) {
      if (pattern != Pattern{Match::exact, procedure}) continue;
      call.owner = model;
      call.owner_uid = model->uid_;
      call.owner_registration = registration;
    }
  }
  say({48, request, kNone, procedure, {uid_, call.counter}});
  return true;
}

bool Model::cancel(std::uint64_t choice) {
  if (calls_.empty()) return false;
  const Id request = pick(calls_, choice)->first;
  say({49, request, kNone});
  look();
  if (calls_.contains(request)) broken("CANCEL is not answered at once");
  return true;
}

bool Model::answer(std::uint64_t choice, bool with_error) {
  if (owed_.empty()) return false;
  const auto [request, arguments] = *pick(owed_, choice);
  owed_.erase(request);
  if (with_error) {
    say({8, 68, request, kNone, "com.sim.error", arguments});
  } else {
    say({70, request, kNone, arguments});
  }
  return true;
}

// ---------------------------------------------------------------- judging

void Model::look() {
  while (client_ != nullptr && client_->waiting() > 0) on_message(client_->take());
}

void Model::expect_nothing_open() const {
  if (!publishing_.empty()) broken("a PUBLISHED is missing");
  if (!subscribing_.empty()) broken("a SUBSCRIBED is missing");
  if (!unsubscribing_.empty()) broken("an UNSUBSCRIBED is missing");
  if (!registering_.empty()) broken("a REGISTERED or its ERROR is missing");
  if (!unregistering_.empty()) broken("an UNREGISTERED is missing");
  if (!calls_.empty()) broken("a RESULT or ERROR of a call is missing");
  if (!joined()) return;
  const router::Session& session = client_->session();
  if (!session.pending_calls.empty()) broken("the router keeps a call that was answered");
  if (!session.invocations.empty()) broken("the router keeps an invocation that was answered");
  if (session.requests_at_home != 0) broken("the router counts a request that was answered");
  if (session.subscriptions.size() != subscriptions_.size()) broken("the router keeps other subscriptions");
  if (session.registrations.size() != registrations_.size()) broken("the router keeps other registrations");
}

void Model::on_message(const json& message) {
  if (world_.trace != nullptr)
    world_.trace->push_back(fmt::format("{:5} client {} gets {}", world_.step, number_, message.dump()));
  if (uid_ == 0) broken("a message to a client that has no session");
  switch (message.at(0).get<int>()) {
    case 2:
      session_id_ = message.at(1);
      return;
    case 8:
      return on_error(message);
    case 17:
      return on_published(message);
    case 33: {
      const Pattern pattern = take_request(subscribing_, message, 1).first;
      const auto [place, is_new] = subscriptions_.emplace(message.at(2).get<Id>(), pattern);
      if (place->second != pattern) broken("one subscription id for two topics");
      return;
    }
    case 35: {
      const Id subscription = take_request(unsubscribing_, message, 1);
      subscriptions_.erase(subscription);
      return stop_awaiting(subscription);
    }
    case 36:
      return on_event(message);
    case 50:
      return on_result(message);
    case 65: {
      const Pattern pattern = take_request(registering_, message, 1).first;
      if (!registrations_.emplace(message.at(2).get<Id>(), pattern).second) broken("a registration id twice");
      return;
    }
    case 67: {
      const auto [registration, pattern] = take_request(unregistering_, message, 1);
      return end_claim(pattern, false);
    }
    case 68:
      return on_invocation(message);
    default:
      broken("an unexpected message: {}", message.dump());
  }
}

void Model::note_publication(Publication& publication, Id id) {
  if (publication.id == 0) publication.id = id;
  if (publication.id != id) broken("two ids of one publication");
}

void Model::on_published(const json& message) {
  const std::uint64_t counter = take_request(publishing_, message, 1);
  note_publication(world_.publications.at({uid_, counter}), message.at(2));
}

void Model::on_event(const json& message) {
  ++world_.counts.events;
  const Id subscription = message.at(1);
  const Uid publisher = message.at(4).at(0);
  const std::uint64_t counter = message.at(4).at(1);
  const auto held = subscriptions_.find(subscription);
  if (held == subscriptions_.end()) broken("EVENT before SUBSCRIBED or after UNSUBSCRIBE");
  Publication& publication = world_.publications.at({publisher, counter});
  note_publication(publication, message.at(2));
  if (publication.realm != realm_) broken("EVENT of another realm");
  if (!held->second.covers(publication.topic)) broken("EVENT of a topic that is not subscribed to");
  if (publisher == uid_ && publication.exclude_me) broken("EVENT to its publisher");
  if (publication.excluded.contains(session_id_)) broken("EVENT to an excluded session");
  const json details = held->second.match == Match::exact ? kNone : json{{"topic", publication.topic}};
  if (message.at(3) != details) broken("EVENT.Details is {}", message.at(3).dump());
  std::uint64_t& last = last_event_[{publisher, subscription}];
  if (counter <= last) broken("EVENT twice or out of order in one subscription");
  last = counter;
  std::uint64_t& last_of_all = last_event_of_[publisher];
  if (counter < last_of_all) broken("EVENTs of one publisher out of order across subscriptions");
  last_of_all = counter;
  world_.awaited.erase({uid_, subscription, publisher, counter});
}

void Model::on_invocation(const json& message) {
  ++world_.counts.invocations;
  if (message.at(1) != ++last_invocation_) broken("INVOCATION.Request is not the next of this session");
  const auto held = registrations_.find(message.at(2).get<Id>());
  if (held == registrations_.end()) broken("INVOCATION before REGISTERED or after UNREGISTER");
  const json& details = message.at(3);
  if (held->second.match == Match::exact ? details != kNone
                                         : !held->second.covers(details.at("procedure").get<std::string>())) {
    broken("INVOCATION.Details is {}", details.dump());
  }
  std::uint64_t& last = last_invocation_of_[message.at(4).at(0)];
  const std::uint64_t counter = message.at(4).at(1);
  if (counter <= last) broken("INVOCATIONs of one caller out of order");
  last = counter;
  owed_[last_invocation_] = message.at(4);
}

void Model::on_result(const json& message) {
  ++world_.counts.answers;
  const Call call = take_request(calls_, message, 1);
  if (message.at(3) != json({uid_, call.counter})) broken("the RESULT of another call");
}

void Model::on_error(const json& message) {
  const std::string uri = message.at(4);
  switch (message.at(1).get<int>()) {
    case 48:
      return on_call_error(message);
    case 64: {
      const auto [pattern, since] = take_request(registering_, message, 2);
      if (uri != "wamp.error.procedure_already_exists") broken("REGISTER failed: {}", uri);
      // Some other claim on the name must have existed since the request was made; this one is counted, too.
      const Name& name = world_.names.at({realm_, pattern});
      if (name.claims < 2 && name.last_end < since && !name.lingering) {
        broken("procedure_already_exists, but nobody holds it");
      }
      return end_claim(pattern, false);
    }
    default:
      broken("an unexpected ERROR: {}", message.dump());
  }
}

void Model::on_call_error(const json& message) {
  ++world_.counts.answers;
  const Call call = take_request(calls_, message, 2);
  const std::string uri = message.at(4);
  if (uri == "com.sim.error") {
    if (message.at(5) != json({uid_, call.counter})) broken("the ERROR of another call");
  } else if (uri == "wamp.error.no_such_procedure") {
    if (call.owner != nullptr && call.owner->uid_ == call.owner_uid && !call.owner->leaving_ &&
        call.owner->registrations_.contains(call.owner_registration)) {
      broken("no_such_procedure, but the callee had its REGISTERED before the call and still holds it");
    }
  } else if (uri != "wamp.error.canceled") {
    broken("a call failed: {}", uri);
  }
}

}  // namespace transom::sim
