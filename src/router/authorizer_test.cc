#include "router/authorizer.h"

#include <gtest/gtest.h>

namespace transom::router {
namespace {

using wamp::Match;

Permission permission(std::string uri, Match match, bool allow) {
  return {std::move(uri), match, allow, allow, allow, allow, false, false};
}

bool allows(const RoleConfig& role, std::string_view uri) {
  const Authorizer authorizer(role);
  const bool allowed = authorizer.decide(Action::call, uri).allow;
  for (const Action action : {Action::register_, Action::publish, Action::subscribe}) {
    EXPECT_EQ(authorizer.decide(action, uri).allow, allowed);
  }
  return allowed;
}

TEST(Authorizer, DeniesByDefault) {
  RoleConfig role;
  EXPECT_FALSE(allows(role, "com.app.a"));
  role.permissions = {permission("com.other", Match::exact, true)};
  EXPECT_FALSE(allows(role, "com.app.a"));
  EXPECT_FALSE(allows(role, "com.other.a"));
  role.allow_by_default = true;
  EXPECT_TRUE(allows(role, "com.app.a"));
}

TEST(Authorizer, ExactBeatsWildcardBeatsLongestPrefix) {
  RoleConfig role;
  role.permissions = {permission("", Match::prefix, false), permission("com.app.", Match::prefix, true)};
  EXPECT_TRUE(allows(role, "com.app.a"));
  EXPECT_FALSE(allows(role, "com.other"));
  role.permissions.push_back(permission("com.app.secret", Match::prefix, false));
  EXPECT_FALSE(allows(role, "com.app.secret.x"));
  EXPECT_FALSE(allows(role, "com.app.secrets"));
  role.permissions.push_back(permission("com.app.secret.", Match::wildcard, true));
  EXPECT_TRUE(allows(role, "com.app.secret.x"));
  EXPECT_FALSE(allows(role, "com.app.secret.x.y"));
  role.permissions.push_back(permission("com.app.secret.x", Match::exact, false));
  EXPECT_FALSE(allows(role, "com.app.secret.x"));
  EXPECT_TRUE(allows(role, "com.app.secret.y"));
}

TEST(Authorizer, ADenyingRuleBeatsTheDefault) {
  RoleConfig role;
  role.allow_by_default = true;
  role.permissions = {permission("com.app.", Match::prefix, false)};
  EXPECT_FALSE(allows(role, "com.app.a"));
  EXPECT_TRUE(allows(role, "com.other"));
}

TEST(Authorizer, TheLastOfTwoEqualEntriesCounts) {
  for (const Match match : {Match::exact, Match::prefix, Match::wildcard}) {
    RoleConfig role;
    role.permissions = {permission("com.app.a", match, true), permission("com.app.a", match, false)};
    EXPECT_FALSE(allows(role, "com.app.a"));
    std::swap(role.permissions[0], role.permissions[1]);
    EXPECT_TRUE(allows(role, "com.app.a"));
  }
}

TEST(Authorizer, EachActionHasItsOwnAnswer) {
  RoleConfig role;
  role.permissions = {{"a", Match::exact, true, false, false, true, true, false}};
  const Authorizer authorizer(role);
  EXPECT_TRUE(authorizer.decide(Action::call, "a").allow);
  EXPECT_FALSE(authorizer.decide(Action::register_, "a").allow);
  EXPECT_FALSE(authorizer.decide(Action::publish, "a").allow);
  EXPECT_TRUE(authorizer.decide(Action::subscribe, "a").allow);
  EXPECT_TRUE(authorizer.decide(Action::call, "a").disclose);
  EXPECT_FALSE(authorizer.decide(Action::publish, "a").disclose);
}

}  // namespace
}  // namespace transom::router
