#include "router/realm.h"

#include "router/router_core.h"

namespace transom::router {

Realm::Realm(RealmId id_, CoreId home_, std::string worker_id_, const RealmConfig& config)
    : id(id_),
      home(home_),
      worker_id(std::move(worker_id_)),
      name(config.name),
      uri_check(config.uri_check),
      directory(std::make_shared<const DirectorySnapshot>()) {
  for (const RoleConfig& role : config.roles) roles.emplace(role.name, Authorizer(role));
}

RealmPart::RealmPart(RouterCore& core, Realm& shared_)
    : shared(shared_), reader(shared_.directory), broker(core, *this), dealer(core, *this) {
  if (shared.home == core.id()) directory = std::make_unique<Directory>(shared.directory);
}

}  // namespace transom::router
