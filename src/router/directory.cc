#include "router/directory.h"

namespace transom::router {

Id Directory::subscribe(wamp::Match match, std::string_view uri, CoreId core) {
  const std::uint64_t bit = std::uint64_t{1} << core;
  SubscriptionEntry entry;
  if (const SubscriptionEntry* present = newest_.subscriptions.find(match, uri)) {
    entry = *present;
  } else {
    entry.id = ++last_subscription_;
    subscriptions_.emplace(entry.id, std::make_unique<Subscription>(Subscription{match, std::string(uri), {}}));
  }
  std::vector<std::uint32_t>& subscribers = subscriptions_.find(entry.id)->second->subscribers;
  if (subscribers.size() <= core) subscribers.resize(core + std::size_t{1});
  ++subscribers[core];
  if ((entry.cores & bit) == 0) {
    entry.cores |= bit;
    newest_.subscriptions.set(match, uri, entry);
    publish();
  }
  return entry.id;
}

void Directory::unsubscribe(Id id, CoreId core) {
  const auto found = subscriptions_.find(id);
  if (found == subscriptions_.end()) return;
  Subscription& subscription = *found->second;
  if (core >= subscription.subscribers.size() || subscription.subscribers[core] == 0) return;
  if (--subscription.subscribers[core] > 0) return;
  SubscriptionEntry entry = *newest_.subscriptions.find(subscription.match, subscription.uri);
  entry.cores &= ~(std::uint64_t{1} << core);
  if (entry.cores != 0) {
    newest_.subscriptions.set(subscription.match, subscription.uri, entry);
  } else {
    newest_.subscriptions.erase(subscription.match, subscription.uri);
    subscriptions_.erase(found);
  }
  publish();
}

Result<Id> Directory::register_procedure(wamp::Match match, std::string_view uri, SessionRef callee) {
  if (newest_.registrations.find(match, uri) != nullptr) return fail("wamp.error.procedure_already_exists");
  const Id id = ++last_registration_;
  registrations_.emplace(id, Registration{match, std::string(uri)});
  newest_.registrations.set(match, uri, {id, callee});
  publish();
  return id;
}

void Directory::unregister(Id id) {
  const auto found = registrations_.find(id);
  if (found == registrations_.end()) return;
  newest_.registrations.erase(found->second.match, found->second.uri);
  registrations_.erase(found);
  publish();
}

void Directory::publish() { published_.publish(std::make_shared<const DirectorySnapshot>(newest_)); }

}  // namespace transom::router
