// What a role may do: exact > wildcard > longest prefix > allow-by-default.
#pragma once
#include <string_view>

#include "router/realm_config.h"
#include "router/uri_index.h"

namespace transom::router {

/// The rule that decided.
struct Decision {
  bool allow = false;
  bool disclose = false;
};

/// One role's permissions, compiled. Immutable; used by all cores. Two entries with the same uri and match: the last
/// one counts.
class Authorizer {
 public:
  explicit Authorizer(const RoleConfig& role);
  Decision decide(Action action, std::string_view uri) const;

 private:
  bool allow_by_default_;
  UriIndex<Permission> permissions_;
  bool has_wildcards_ = false;
};

}  // namespace transom::router
