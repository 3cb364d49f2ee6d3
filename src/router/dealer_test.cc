#include "router/dealer.h"

#include <gtest/gtest.h>

#include "router/limits.h"
#include "router/router_testing.h"

namespace transom::router {
namespace {

using testing::json;
using testing::open_realm;
using testing::TestClient;
using testing::TestNode;
using wamp::SerializerId;

const json kNone = json::object();

void expect_error(const json& reply, int type, Id request, const std::string& uri) {
  ASSERT_TRUE(reply.is_array());
  ASSERT_GE(reply.size(), 5U);
  EXPECT_EQ(reply[0], 8);
  EXPECT_EQ(reply[1], type);
  EXPECT_EQ(reply[2], request);
  EXPECT_EQ(reply[3], kNone);
  EXPECT_EQ(reply[4], uri);
}

struct DealerTest : ::testing::Test {
  TestNode node{2};
  std::unique_ptr<TestClient> callee, caller;
  DealerTest() {
    node.add_realm(open_realm());
    RealmConfig guarded;
    guarded.name = "guarded";
    RoleConfig role;
    role.name = "anonymous";
    role.permissions = {{"com.app.", wamp::Match::prefix, true, true, true, true, false, false},
                        {"com.app.admin", wamp::Match::exact, true, false, false, false, false, false},
                        {"com.app.local", wamp::Match::exact, false, true, false, false, false, false}};
    guarded.roles.push_back(role);
    node.add_realm(guarded);
    node.start();
    callee = std::make_unique<TestClient>(node.core(0));
    caller = std::make_unique<TestClient>(node.core(0));
  }
  void join(const std::string& realm = "realm1") {
    callee->join(realm);
    caller->join(realm);
  }
  Id register_(const std::string& procedure, const json& options = kNone) {
    const json reply = callee->ask({64, 1, options, procedure});
    EXPECT_EQ(reply[0], 65) << reply;
    return reply[2];
  }
};

TEST_F(DealerTest, ACallGoesThereAndBack) {
  join();
  const Id registration = register_("a.b");
  caller->say({48, 1, kNone, "a.b", {1, 2}, {{"k", "v"}}});
  const json invocation = callee->take();
  EXPECT_EQ(invocation, json({68, 1, registration, kNone, {1, 2}, {{"k", "v"}}}));
  callee->say({70, 1, kNone, {3}, {{"r", true}}});
  EXPECT_EQ(caller->take(), json({50, 1, kNone, {3}, {{"r", true}}}));
  caller->say({48, 2, kNone, "a.b"});
  EXPECT_EQ(callee->take(), json({68, 2, registration, kNone}));  // ids count from 1 for each callee
  callee->say({70, 2, kNone});
  EXPECT_EQ(caller->take(), json({50, 2, kNone}));
  EXPECT_EQ(callee->waiting() + caller->waiting(), 0U);
}

TEST_F(DealerTest, AnErrorPassesItsPayload) {
  join();
  register_("a");
  caller->say({48, 9, kNone, "a"});
  callee->take();
  callee->say({8, 68, 1, kNone, "com.app.error.full", {"why"}, {{"k", 1}}});
  EXPECT_EQ(caller->take(), json({8, 48, 9, kNone, "com.app.error.full", {"why"}, {{"k", 1}}}));
  callee->say({70, 1, kNone, {"late"}});  // answered already: dropped
  EXPECT_EQ(caller->waiting(), 0U);
  EXPECT_FALSE(callee->ended);
}

TEST_F(DealerTest, CallsThatAreRefused) {
  join("guarded");
  expect_error(caller->ask({48, 1, kNone, "com.app.none"}), 48, 1, "wamp.error.no_such_procedure");
  expect_error(caller->ask({48, 2, kNone, "com.app.local"}), 48, 2, "wamp.error.not_authorized");
  expect_error(caller->ask({48, 3, kNone, "com..app"}), 48, 3, "wamp.error.invalid_uri");
  expect_error(callee->ask({64, 1, kNone, "com.app.admin"}), 64, 1, "wamp.error.not_authorized");
  expect_error(callee->ask({64, 2, kNone, "com..app"}), 64, 2, "wamp.error.invalid_uri");
  expect_error(callee->ask({64, 3, {{"invoke", "roundrobin"}}, "com.app.x"}), 64, 3,
               "wamp.error.feature_not_supported");
}

TEST_F(DealerTest, RegisteringTwiceFails) {
  join();
  register_("a");
  expect_error(callee->ask({64, 2, kNone, "a"}), 64, 2, "wamp.error.procedure_already_exists");
  expect_error(caller->ask({64, 2, kNone, "a"}), 64, 2, "wamp.error.procedure_already_exists");
  EXPECT_EQ(caller->ask({64, 3, {{"match", "prefix"}}, "a"})[0], 65);  // another registration
}

TEST_F(DealerTest, UnregisterEndsIt) {
  join();
  const Id registration = register_("a");
  expect_error(caller->ask({66, 1, registration}), 66, 1, "wamp.error.no_such_registration");
  EXPECT_EQ(callee->ask({66, 2, registration}), json({67, 2}));
  expect_error(callee->ask({66, 3, registration}), 66, 3, "wamp.error.no_such_registration");
  expect_error(caller->ask({48, 1, kNone, "a"}), 48, 1, "wamp.error.no_such_procedure");
  EXPECT_EQ(caller->ask({64, 2, kNone, "a"})[0], 65);
}

TEST_F(DealerTest, ReservedProceduresAreTheRouters) {
  join();
  expect_error(callee->ask({64, 1, kNone, "wamp.session.count"}), 64, 1, "wamp.error.invalid_uri");
  expect_error(callee->ask({64, 2, {{"match", "prefix"}}, "wamp."}), 64, 2, "wamp.error.invalid_uri");
  register_("", {{"match", "prefix"}});
  register_(".session.count", {{"match", "wildcard"}});
  expect_error(caller->ask({48, 1, kNone, "wamp.session.count"}), 48, 1, "wamp.error.no_such_procedure");
  EXPECT_EQ(callee->waiting(), 0U);
}

TEST_F(DealerTest, PatternsSayTheProcedure) {
  join();
  register_("com.a", {{"match", "prefix"}});
  caller->say({48, 1, kNone, "com.ab"});
  EXPECT_EQ(callee->take()[3], json({{"procedure", "com.ab"}}));
  const Id exact = register_("com.ab");
  caller->say({48, 2, kNone, "com.ab"});
  const json invocation = callee->take();
  EXPECT_EQ(invocation[2], exact);
  EXPECT_EQ(invocation[3], kNone);
}

TEST_F(DealerTest, APatternProvidesOnlyWhatTheRoleMayRegister) {
  join("guarded");
  register_("com.app.", {{"match", "prefix"}});
  expect_error(caller->ask({48, 1, kNone, "com.app.admin"}), 48, 1, "wamp.error.no_such_procedure");
  EXPECT_EQ(callee->waiting(), 0U);
  caller->say({48, 2, kNone, "com.app.other"});
  EXPECT_EQ(callee->waiting(), 1U);
}

TEST_F(DealerTest, ACalleeThatLeavesCancelsItsCalls) {
  for (const bool orderly : {false, true}) {
    TestClient goes(node.core(0)), waits(node.core(0));
    goes.join();
    waits.join();
    ASSERT_EQ(goes.ask({64, 1, kNone, "a"})[0], 65);
    waits.say({48, 1, kNone, "a"});
    waits.say({48, 2, kNone, "a"});
    orderly ? goes.say({6, kNone, "wamp.close.normal"}) : goes.drop();
    std::vector<Id> ended;
    for (int i = 0; i < 2; ++i) {
      const json error = waits.take();
      expect_error(error, 48, error[2], "wamp.error.canceled");
      ended.push_back(error[2]);
    }
    EXPECT_NE(ended[0], ended[1]);
    expect_error(waits.ask({48, 3, kNone, "a"}), 48, 3, "wamp.error.no_such_procedure");
  }
}

TEST_F(DealerTest, AnAnswerToACallerThatLeftIsHarmless) {
  join();
  register_("a");
  caller->say({48, 1, kNone, "a"});
  caller->say({48, 2, kNone, "a"});
  caller->drop();
  callee->say({70, 1, kNone, {"late"}});
  callee->say({8, 68, 2, kNone, "com.late"});
  EXPECT_FALSE(callee->ended);
  TestClient next(node.core(0));
  next.join();
  EXPECT_EQ(next.waiting(), 0U);
  next.say({48, 1, kNone, "a"});
  callee->say({70, 3, kNone, {"good"}});
  EXPECT_EQ(next.take(), json({50, 1, kNone, {"good"}}));
}

TEST_F(DealerTest, AnAnswerToNoInvocationIsAViolation) {
  for (const json& answer : {json({70, 2, kNone}), json({8, 68, 2, kNone, "a.b"}), json({8, 48, 1, kNone, "a.b"})}) {
    TestClient bad(node.core(0)), waits(node.core(0));
    bad.join();
    waits.join();
    ASSERT_EQ(bad.ask({64, 1, kNone, "a"})[0], 65);
    waits.say({48, 1, kNone, "a"});
    bad.take();
    bad.say(answer);
    const json abort = bad.take();
    EXPECT_EQ(abort[0], 3);
    EXPECT_EQ(abort[2], "wamp.error.protocol_violation");
    EXPECT_TRUE(bad.ended);
    expect_error(waits.take(), 48, 1, "wamp.error.canceled");
  }
}

TEST_F(DealerTest, ThePendingRequestIdOfACallIsNotFree) {
  join();
  register_("a");
  caller->say({48, 1, kNone, "a"});
  caller->say({48, 1, kNone, "nobody"});
  EXPECT_EQ(caller->take()[2], "wamp.error.protocol_violation");
  EXPECT_TRUE(caller->ended);
}

TEST_F(DealerTest, CancelEndsTheCallersHalf) {
  join();
  register_("a");
  caller->say({48, 1, kNone, "a"});
  callee->take();
  expect_error(caller->ask({49, 1, kNone}), 48, 1, "wamp.error.canceled");
  EXPECT_EQ(callee->waiting(), 0U);  // no INTERRUPT: it is not announced
  callee->say({70, 1, kNone});
  caller->say({49, 1, kNone});
  caller->say({49, 77, kNone});
  EXPECT_EQ(caller->waiting(), 0U);
  EXPECT_FALSE(caller->ended || callee->ended);
}

const json kCanCancel = {
    {"roles", {{"callee", {{"features", {{"call_canceling", true}}}}}, {"caller", json::object()}}}};

TEST_F(DealerTest, CancelModesReachACalleeThatCanTakeThem) {
  TestClient far(node.core(1)), near(node.core(0));
  far.join("realm1", kCanCancel);
  near.join();
  far.say({64, 1, kNone, "slow"});
  node.deliver_all();
  far.take();
  for (Id call = 1; call <= 3; ++call) near.say({48, call, kNone, "slow"});
  node.deliver_all();
  for (int i = 0; i < 3; ++i) ASSERT_EQ(far.take()[0], 68);

  near.say({49, 1, {{"mode", "skip"}}});
  near.say({49, 2, {{"mode", "killnowait"}}});
  near.say({49, 3, {{"mode", "kill"}}});
  near.say({49, 3, {{"mode", "kill"}}});  // impatience changes nothing
  node.deliver_all();
  expect_error(near.take(), 48, 1, "wamp.error.canceled");
  expect_error(near.take(), 48, 2, "wamp.error.canceled");
  EXPECT_EQ(near.waiting(), 0U);  // kill waits for the callee
  EXPECT_EQ(far.take(), json({69, 2, {{"mode", "killnowait"}}}));
  EXPECT_EQ(far.take(), json({69, 3, {{"mode", "kill"}}}));
  EXPECT_EQ(far.waiting(), 0U);

  for (Id invocation = 1; invocation <= 3; ++invocation) far.say({8, 68, invocation, kNone, "com.interrupted"});
  node.deliver_all();
  expect_error(near.take(), 48, 3, "com.interrupted");
  EXPECT_EQ(near.waiting(), 0U);
}

TEST_F(DealerTest, KillDoesNotWaitForACalleeThatCannotBeInterrupted) {
  join();
  register_("a");
  caller->say({48, 1, kNone, "a"});
  callee->take();
  expect_error(caller->ask({49, 1, {{"mode", "kill"}}}), 48, 1, "wamp.error.canceled");
  EXPECT_EQ(callee->waiting(), 0U);
}

TEST_F(DealerTest, ACallerThatLeavesInterruptsItsCalls) {
  TestClient far(node.core(1)), goes(node.core(0));
  far.join("realm1", kCanCancel);
  goes.join();
  far.say({64, 1, kNone, "slow"});
  node.deliver_all();
  far.take();
  goes.say({48, 1, kNone, "slow"});
  node.deliver_all();
  far.take();
  goes.drop();
  node.deliver_all();
  EXPECT_EQ(far.take(), json({69, 1, {{"mode", "killnowait"}}}));
  far.say({70, 1, kNone});
  node.deliver_all();
  EXPECT_FALSE(far.ended);
}

TEST_F(DealerTest, CallersAndPublishersAreDisclosedWhereAPermissionSaysSo) {
  RealmConfig open;
  open.name = "disclosing";
  open.roles.push_back(testing::open_role());
  open.roles[0].permissions[0].disclose_caller = open.roles[0].permissions[0].disclose_publisher = true;
  TestNode disclosing{2};
  disclosing.add_realm(open);
  disclosing.start();
  TestClient far(disclosing.core(1)), near(disclosing.core(0)), asks(disclosing.core(0));
  for (TestClient* client : {&far, &near}) client->join("disclosing");
  const json welcome = asks.join("disclosing");
  for (TestClient* client : {&far, &near}) {
    client->say({64, 1, kNone, client == &far ? "far" : "near"});
    client->say({32, 2, {{"match", "prefix"}}, "topic"});
    disclosing.deliver_all();
    client->take();
    client->take();
  }
  const json authid = welcome[2]["authid"];
  const json caller_details = {{"caller", welcome[1]}, {"caller_authid", authid}, {"caller_authrole", "anonymous"}};
  const json event_details = {{"topic", "topic.a"},
                              {"publisher", welcome[1]},
                              {"publisher_authid", authid},
                              {"publisher_authrole", "anonymous"}};
  asks.say({48, 1, kNone, "far"});
  asks.say({48, 2, kNone, "near"});
  asks.say({16, 3, kNone, "topic.a"});
  disclosing.deliver_all();
  for (TestClient* client : {&far, &near}) {
    EXPECT_EQ(client->take()[3], caller_details);
    EXPECT_EQ(client->take()[3], event_details);
  }
}

TEST_F(DealerTest, ASessionMayCallItself) {
  join();
  register_("a");
  callee->say({48, 2, kNone, "a", {"x"}});
  EXPECT_EQ(callee->take()[0], 68);
  callee->say({70, 1, kNone, {"y"}});
  EXPECT_EQ(callee->take(), json({50, 2, kNone, {"y"}}));
  callee->say({48, 3, kNone, "a"});
  callee->take();
  callee->drop();  // owes an answer to itself
  EXPECT_EQ(node.core(0).session_count(), 1U);
}

TEST_F(DealerTest, CallsCrossCoresAndSerializers) {
  TestClient far(node.core(1), SerializerId::cbor), near(node.core(0), SerializerId::json);
  far.join();
  near.join();
  far.say({64, 1, kNone, "far"});
  node.deliver_all();
  EXPECT_EQ(far.take()[0], 65);
  near.say({48, 1, kNone, "far", {std::string("\0AQL/", 5), 1.0}});
  node.deliver_all();
  const json invocation = far.take();
  EXPECT_EQ(invocation[4][0], json::binary({1, 2, 255}));
  EXPECT_TRUE(invocation[4][1].is_number_float());
  far.say({70, 1, kNone, {json::binary({0})}});
  node.deliver_all();
  EXPECT_EQ(near.take(), json({50, 1, kNone, {std::string("\0AA==", 5)}}));
  near.say({48, 2, kNone, "far"});
  node.deliver_all();
  far.say({8, 68, 2, kNone, "com.far.error", {json::binary({0})}});
  node.deliver_all();
  EXPECT_EQ(near.take(), json({8, 48, 2, kNone, "com.far.error", {std::string("\0AA==", 5)}}));
  near.say({48, 3, kNone, "far"});
  far.drop();  // before the call arrives
  node.deliver_all();
  expect_error(near.take(), 48, 3, "wamp.error.no_such_procedure");
}

TEST_F(DealerTest, NoInvocationBeforeRegisteredOrAfterUnregister) {
  TestClient far(node.core(1)), near(node.core(0));
  far.join();
  near.join();
  far.say({64, 1, kNone, "far"});
  node.deliver_one(1, 0);  // in the directory now, REGISTERED under way
  const Envelope registered = node.queue(0, 1).front();
  node.queue(0, 1).pop_front();
  near.say({48, 1, kNone, "far"});
  node.deliver_all();  // the call overtakes it
  EXPECT_EQ(far.waiting(), 0U);
  expect_error(near.take(), 48, 1, "wamp.error.no_such_procedure");
  node.core(1).handle(registered);
  const Id registration = far.take()[2];
  near.say({48, 2, kNone, "far"});
  far.say({66, 2, registration});
  node.deliver_all();
  EXPECT_EQ(far.take(), json({67, 2}));
  EXPECT_EQ(far.waiting(), 0U);
  expect_error(near.take(), 48, 2, "wamp.error.no_such_procedure");
}

TEST_F(DealerTest, NothingIsLeftBehind) {
  join();
  register_("a");
  register_("b.", {{"match", "prefix"}});
  caller->say({48, 1, kNone, "a"});
  callee->drop();
  caller->drop();
  EXPECT_EQ(node.home_part(0).directory->registration_count(), 0U);
  EXPECT_EQ(node.core(0).session_count(), 0U);
}

}  // namespace
}  // namespace transom::router
