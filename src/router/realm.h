// A realm: what all cores share of it, and each core's own part.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "base/published.h"
#include "router/authorizer.h"
#include "router/broker.h"
#include "router/dealer.h"
#include "router/directory.h"
#include "router/realm_config.h"

namespace transom::router {

class RouterCore;

/// Shared by all cores; immutable but for the published directory, which only the home core writes.
struct Realm {
  Realm(RealmId id_, CoreId home_, std::string worker_id_, const RealmConfig& config);

  const RealmId id;
  const CoreId home;
  const std::string worker_id;
  const std::string name;
  const wamp::UriCheck uri_check;
  std::map<std::string, Authorizer, std::less<>> roles;
  Published<DirectorySnapshot> directory;
};

/// One core's part of one realm.
struct RealmPart {
  RealmPart(RouterCore& core, Realm& shared_);

  const DirectorySnapshot& snapshot() { return reader.get(); }

  Realm& shared;
  Published<DirectorySnapshot>::Reader reader;
  std::unique_ptr<Directory> directory;  // on the home core only
  Broker broker;
  Dealer dealer;
  std::size_t session_count = 0;
};

}  // namespace transom::router
