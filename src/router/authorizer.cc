#include "router/authorizer.h"

namespace transom::router {
namespace {

bool allows(const Permission& permission, Action action) {
  switch (action) {
    case Action::call:
      return permission.allow_call;
    case Action::register_:
      return permission.allow_register;
    case Action::publish:
      return permission.allow_publish;
    case Action::subscribe:
      return permission.allow_subscribe;
  }
  return false;
}

bool discloses(const Permission& permission, Action action) {
  if (action == Action::call) return permission.disclose_caller;
  return action == Action::publish && permission.disclose_publisher;
}

}  // namespace

Authorizer::Authorizer(const RoleConfig& role) : allow_by_default_(role.allow_by_default) {
  for (const Permission& permission : role.permissions) {
    permissions_.set(permission.match, permission.uri, permission);
    has_wildcards_ |= permission.match == wamp::Match::wildcard;
  }
}

Decision Authorizer::decide(Action action, std::string_view uri) const {
  wamp::Match match;
  const Permission* rule = permissions_.best_match(uri, match);
  if (rule != nullptr && match == wamp::Match::prefix && has_wildcards_) {
    // Calls prefer the prefix, permissions the wildcard.
    if (const Permission* wildcard = permissions_.best_wildcard(uri)) rule = wildcard;
  }
  if (rule == nullptr) return {allow_by_default_, false};
  return {allows(*rule, action), discloses(*rule, action)};
}

}  // namespace transom::router
