#include "router/broker.h"

#include <gtest/gtest.h>

#include "router/limits.h"
#include "router/router_testing.h"

namespace transom::router {
namespace {

using testing::json;
using testing::open_realm;
using testing::open_role;
using testing::TestClient;
using testing::TestNode;
using wamp::SerializerId;

const json kNone = json::object();

struct BrokerTest : ::testing::Test {
  TestNode node;
  BrokerTest() {
    node.add_realm(open_realm());
    RealmConfig guarded;
    guarded.name = "guarded";
    RoleConfig role;
    role.name = "anonymous";
    role.permissions = {{"com.app.", wamp::Match::prefix, true, true, true, true, false, false},
                        {"com.app.secret", wamp::Match::exact, false, false, true, false, false, false},
                        {"com.app.quiet", wamp::Match::exact, false, false, false, true, false, false}};
    guarded.roles.push_back(role);
    node.add_realm(guarded);
    node.start();
  }
  RouterCore& core() { return node.core(0); }
  static Id subscribe(TestClient& client, const std::string& topic, const json& options = kNone) {
    const json reply = client.ask({32, 1, options, topic});
    EXPECT_EQ(reply[0], 33) << reply;
    EXPECT_EQ(reply[1], 1);
    return reply[2];
  }
  static void expect_error(const json& reply, int type, const std::string& uri) {
    ASSERT_TRUE(reply.is_array());
    EXPECT_EQ(reply[0], 8);
    EXPECT_EQ(reply[1], type);
    EXPECT_EQ(reply[3], kNone);
    EXPECT_EQ(reply[4], uri);
  }
};

TEST_F(BrokerTest, AnEventReachesTheSubscriber) {
  TestClient subscriber(core()), publisher(core());
  subscriber.join();
  publisher.join();
  const Id subscription = subscribe(subscriber, "a.b");
  publisher.say({16, 1, kNone, "a.b", {1, "x"}, {{"k", 2.5}}});
  EXPECT_EQ(publisher.waiting(), 0U);  // never answered without acknowledge
  const json event = subscriber.take();
  ASSERT_EQ(event.size(), 6U);
  EXPECT_EQ(event[0], 36);
  EXPECT_EQ(event[1], subscription);
  EXPECT_EQ(event[3], kNone);
  EXPECT_EQ(event[4], json({1, "x"}));
  EXPECT_EQ(event[5], json({{"k", 2.5}}));
  publisher.say({16, 2, kNone, "a.b"});
  EXPECT_EQ(subscriber.take().size(), 4U);  // no payload: none is invented
}

TEST_F(BrokerTest, AcknowledgeIsAnsweredWithThePublicationOfTheEvent) {
  TestClient subscriber(core()), publisher(core());
  subscriber.join();
  publisher.join();
  subscribe(subscriber, "a.b");
  const json published = publisher.ask({16, 7, {{"acknowledge", true}}, "a.b"});
  ASSERT_EQ(published.size(), 3U);
  EXPECT_EQ(published[0], 17);
  EXPECT_EQ(published[1], 7);
  EXPECT_EQ(subscriber.take()[2], published[2]);
  EXPECT_NE(publisher.ask({16, 8, {{"acknowledge", true}}, "nobody"})[2], published[2]);
}

TEST_F(BrokerTest, ErrorsOfAPublicationAreSaidOnlyIfAcknowledged) {
  TestClient client(core());
  client.join("guarded");
  const std::pair<const char*, const char*> refused[] = {{"com.app.quiet", "wamp.error.not_authorized"},
                                                         {"other", "wamp.error.not_authorized"},
                                                         {"com..app", "wamp.error.invalid_uri"},
                                                         {"", "wamp.error.invalid_uri"},
                                                         {"com.a b", "wamp.error.invalid_uri"},
                                                         {"wamp.session.on_join", "wamp.error.invalid_uri"},
                                                         {"wamp", "wamp.error.invalid_uri"}};
  for (const auto& [topic, uri] : refused) {
    client.say({16, 1, kNone, topic});
    EXPECT_EQ(client.waiting(), 0U);
    expect_error(client.ask({16, 2, {{"acknowledge", true}}, topic}), 16, uri);
  }
}

TEST_F(BrokerTest, ThePublisherIsExcludedUnlessItSaysOtherwise) {
  TestClient client(core());
  client.join();
  subscribe(client, "a");
  client.say({16, 1, kNone, "a"});
  EXPECT_EQ(client.waiting(), 0U);
  client.say({16, 2, {{"exclude_me", false}}, "a"});
  EXPECT_EQ(client.take()[0], 36);
}

TEST_F(BrokerTest, BlackAndWhiteListsAreAllAsked) {
  RealmConfig realm = open_realm("roles");
  realm.roles = {open_role("red"), open_role("blue")};
  TestNode two;
  two.add_realm(realm);
  two.start();
  AuthConfig red, blue;
  red.anonymous = AnonymousAuth{"", "red", "ada"};
  blue.anonymous = AnonymousAuth{"", "blue", "bob"};
  TestClient ada(two.core(0), SerializerId::json, &red), bob(two.core(0), SerializerId::json, &blue);
  TestClient publisher(two.core(0), SerializerId::json, &blue);
  const Id ada_id = ada.join("roles")[1], bob_id = bob.join("roles")[1];
  publisher.join("roles");
  subscribe(ada, "a");
  subscribe(bob, "a");
  struct Case {
    json options;
    bool ada, bob;
  };
  const Case cases[] = {
      {kNone, true, true},
      {{{"exclude", {ada_id}}}, false, true},
      {{{"exclude", json::array()}}, true, true},
      {{{"exclude", {bob_id, 4711, ada_id}}}, false, false},
      {{{"exclude", {static_cast<double>(ada_id)}}}, false, true},  // as JavaScript's packers write it
      {{{"exclude_authid", {"ada"}}}, false, true},
      {{{"exclude_authrole", {"blue"}}}, true, false},
      {{{"eligible", {bob_id, ada_id}}}, true, true},
      {{{"eligible", {ada_id}}}, true, false},
      {{{"eligible", json::array()}}, false, false},
      {{{"eligible_authid", {"zoe", "bob"}}}, false, true},
      {{{"eligible_authid", json::array()}}, false, false},
      {{{"eligible_authrole", {"red"}}}, true, false},
      {{{"eligible_authrole", json::array()}}, false, false},
      {{{"eligible", {ada_id, bob_id}}, {"exclude_authid", {"ada"}}}, false, true},
      {{{"eligible", {ada_id}}, {"eligible_authrole", {"blue"}}}, false, false},
  };
  for (const Case& each : cases) {
    publisher.say({16, 1, each.options, "a"});
    EXPECT_EQ(ada.waiting(), each.ada ? 1U : 0U) << each.options;
    EXPECT_EQ(bob.waiting(), each.bob ? 1U : 0U) << each.options;
    ada.take();
    bob.take();
  }
  EXPECT_FALSE(publisher.ended);
}

TEST_F(BrokerTest, TheSameTopicTwiceIsTheSameSubscription) {
  TestClient client(core()), other(core());
  client.join();
  other.join();
  const Id subscription = subscribe(client, "a");
  EXPECT_EQ(subscribe(client, "a"), subscription);
  EXPECT_EQ(subscribe(other, "a"), subscription);
  EXPECT_NE(subscribe(client, "a", {{"match", "prefix"}}), subscription);
  other.say({16, 1, kNone, "a"});
  const json first = client.take(), second = client.take();
  EXPECT_EQ(client.waiting(), 0U);  // one EVENT for each subscription
  EXPECT_NE(first[1], second[1]);
  EXPECT_EQ(first[2], second[2]);
}

TEST_F(BrokerTest, UnsubscribeEndsIt) {
  TestClient client(core()), other(core());
  client.join();
  other.join();
  const Id subscription = subscribe(client, "a");
  subscribe(client, "a");  // still only one to undo
  expect_error(other.ask({34, 2, subscription}), 34, "wamp.error.no_such_subscription");
  EXPECT_EQ(client.ask({34, 3, subscription}), json({35, 3}));
  expect_error(client.ask({34, 4, subscription}), 34, "wamp.error.no_such_subscription");
  other.say({16, 1, kNone, "a"});
  EXPECT_EQ(client.waiting(), 0U);
  EXPECT_EQ(node.home_part(0).directory->subscription_count(), 0U);
  EXPECT_NE(subscribe(client, "a"), subscription);
}

TEST_F(BrokerTest, SubscriptionsThatAreRefused) {
  TestClient client(core());
  client.join("guarded");
  expect_error(client.ask({32, 1, kNone, "com..app"}), 32, "wamp.error.invalid_uri");
  expect_error(client.ask({32, 1, {{"match", "prefix"}}, "com..app"}), 32, "wamp.error.invalid_uri");
  expect_error(client.ask({32, 1, kNone, "com.app.secret"}), 32, "wamp.error.not_authorized");
  expect_error(client.ask({32, 1, {{"match", "prefix"}}, "com"}), 32, "wamp.error.not_authorized");
  const std::string deep = "com.app" + std::string(kMaxWildcardComponents, '.');
  expect_error(client.ask({32, 1, {{"match", "wildcard"}}, deep}), 32, "wamp.error.invalid_uri");
}

TEST_F(BrokerTest, PatternsSayTheTopic) {
  TestClient client(core()), publisher(core());
  client.join();
  publisher.join();
  const Id prefix = subscribe(client, "com.a", {{"match", "prefix"}});
  const Id wildcard = subscribe(client, "com..x", {{"match", "wildcard"}});
  publisher.say({16, 1, kNone, "com.ab.x"});
  ASSERT_EQ(client.waiting(), 2U);
  for (int i = 0; i < 2; ++i) {
    const json event = client.take();
    EXPECT_TRUE(event[1] == prefix || event[1] == wildcard);
    EXPECT_EQ(event[3], json({{"topic", "com.ab.x"}}));
  }
  publisher.say({16, 2, kNone, "com.b.y"});
  EXPECT_EQ(client.waiting(), 0U);
}

TEST_F(BrokerTest, APatternShowsOnlyTopicsThatTheRoleMaySee) {
  TestClient client(core()), publisher(core());
  client.join("guarded");
  publisher.join("guarded");
  subscribe(client, "com.app.", {{"match", "prefix"}});
  subscribe(client, "com.app.", {{"match", "wildcard"}});
  publisher.say({16, 1, kNone, "com.app.secret", {"hidden"}});
  EXPECT_EQ(client.waiting(), 0U);
  publisher.say({16, 2, kNone, "com.app.open"});
  EXPECT_EQ(client.waiting(), 2U);
}

TEST_F(BrokerTest, PayloadsAreTranscodedFaithfully) {
  TestClient text(core(), SerializerId::json), binary(core(), SerializerId::cbor), pack(core(), SerializerId::msgpack);
  for (TestClient* client : {&text, &binary, &pack}) {
    client->join();
    subscribe(*client, "a");
  }
  const json octets = json::binary({1, 2, 255});
  binary.say({16, 1, kNone, "a", {9007199254740993, -1, 1.0, "\xc3\xa4", octets, nullptr, true, {{"n", {1}}}}});
  const json as_text = text.take()[4];
  EXPECT_EQ(as_text.dump(), "[9007199254740993,-1,1.0,\"\xc3\xa4\",\"\\u0000AQL/\",null,true,{\"n\":[1]}]");
  const json as_pack = pack.take()[4];
  EXPECT_EQ(as_pack[0], 9007199254740993);
  EXPECT_TRUE(as_pack[2].is_number_float());
  EXPECT_EQ(as_pack[4], octets);
  text.say({16, 1, kNone, "a", json::array(), {{"bin", std::string("\0AQL/", 5)}, {"f", 2.0}}});
  const json as_cbor = binary.take();
  EXPECT_EQ(as_cbor[4], json::array());
  EXPECT_EQ(as_cbor[5]["bin"], octets);
  EXPECT_TRUE(as_cbor[5]["f"].is_number_float());
}

TEST_F(BrokerTest, EqualSerializersGetThePayloadUntouched) {
  TestClient one(core()), two(core()), publisher(core());
  one.join();
  two.join();
  publisher.join();
  subscribe(one, "a");
  subscribe(two, "a");
  const std::string message = "[16, 1, {}, \"a\", [ 1.50,  1E400, \"\\u00e4\" ]]";
  publisher.say_octets({message.begin(), message.end()});
  const FramePtr first = one.take_frame(), second = two.take_frame();
  EXPECT_NE(as_text(first->bytes()).find("[ 1.50,  1E400, \"\\u00e4\" ]"), std::string_view::npos);
  EXPECT_EQ(first->bytes().data(), second->bytes().data());  // one frame for both
}

TEST_F(BrokerTest, ALostSessionTakesItsSubscriptionsAlong) {
  TestClient stays(core()), publisher(core());
  stays.join();
  publisher.join();
  subscribe(stays, "a");
  for (int i = 0; i < 5; ++i) {
    TestClient goes(core());
    goes.join();
    subscribe(goes, "a");
    subscribe(goes, "b", {{"match", "wildcard"}});
  }
  EXPECT_EQ(node.home_part(0).directory->subscription_count(), 1U);
  publisher.say({16, 1, kNone, "a"});
  EXPECT_EQ(stays.waiting(), 1U);
  stays.drop();
  EXPECT_EQ(node.home_part(0).directory->subscription_count(), 0U);
  EXPECT_EQ(node.home_part(0).broker.subscription_count(), 0U);
}

TEST_F(BrokerTest, RealmsAreSeparate) {
  TestClient subscriber(core()), publisher(core());
  subscriber.join("realm1");
  publisher.join("guarded");
  subscribe(subscriber, "com.app.a");
  publisher.say({16, 1, kNone, "com.app.a"});
  EXPECT_EQ(subscriber.waiting(), 0U);
}

// Across cores; core 0 is the home.
struct CoresTest : ::testing::Test {
  TestNode node{3};
  CoresTest() {
    node.add_realm(open_realm());
    node.start();
  }
};

TEST_F(CoresTest, NoEventBeforeSubscribed) {
  TestClient subscriber(node.core(1)), publisher(node.core(2));
  subscriber.join();
  publisher.join();
  subscriber.say({32, 1, kNone, "a"});
  node.deliver_one(1, 0);
  publisher.say({16, 1, kNone, "a", {"early"}});
  ASSERT_TRUE(node.deliver_one(2, 1));  // overtakes the SUBSCRIBED
  EXPECT_EQ(subscriber.waiting(), 0U);
  ASSERT_TRUE(node.deliver_one(0, 1));
  EXPECT_EQ(subscriber.take()[0], 33);
  publisher.say({16, 2, kNone, "a", {"after"}});
  node.deliver_all();
  EXPECT_EQ(subscriber.take()[4], json({"after"}));
}

TEST_F(CoresTest, NoEventAfterUnsubscribed) {
  TestClient subscriber(node.core(1)), publisher(node.core(2));
  subscriber.join();
  publisher.join();
  subscriber.say({32, 1, kNone, "a"});
  node.deliver_all();
  const Id subscription = subscriber.take()[2];
  subscriber.say({34, 2, subscription});
  EXPECT_EQ(subscriber.take(), json({35, 2}));
  publisher.say({16, 1, kNone, "a"});
  node.deliver_all();
  EXPECT_EQ(subscriber.waiting(), 0U);
  EXPECT_EQ(node.home_part(0).directory->subscription_count(), 0U);
}

TEST_F(CoresTest, ASecondSubscribeUnderWayDoesNotOutliveUnsubscribed) {
  TestClient subscriber(node.core(1)), publisher(node.core(2));
  subscriber.join();
  publisher.join();
  subscriber.say({32, 1, kNone, "a"});
  node.deliver_all();
  const Id subscription = subscriber.take()[2];
  subscriber.say({32, 2, kNone, "a"});
  subscriber.say({34, 3, subscription});
  node.deliver_all();
  publisher.say({16, 1, kNone, "a"});
  node.deliver_all();
  bool subscribed = true;
  while (subscriber.waiting() > 0) {
    const json message = subscriber.take();
    if (message[0] == 33) subscribed = true;
    if (message[0] == 35) subscribed = false;
    if (message[0] == 36) {
      EXPECT_TRUE(subscribed) << "EVENT after UNSUBSCRIBED";
    }
  }
}

TEST_F(CoresTest, ListsAndPayloadTravelToOtherCores) {
  TestClient one(node.core(1)), two(node.core(2)), publisher(node.core(0), SerializerId::cbor);
  one.join();
  const Id excluded = two.join()[1];
  publisher.join();
  one.say({32, 1, {{"match", "prefix"}}, "a"});
  two.say({32, 1, {{"match", "prefix"}}, "a"});
  node.deliver_all();
  one.take();
  two.take();
  publisher.say({16, 1, {{"exclude", {excluded}}}, "a.b", {1, json::binary({7})}, {{"k", "v"}}});
  node.deliver_all();
  const json event = one.take();
  EXPECT_EQ(event[3], json({{"topic", "a.b"}}));
  EXPECT_EQ(event[4], json({1, std::string("\0Bw==", 5)}));
  EXPECT_EQ(event[5], json({{"k", "v"}}));
  EXPECT_EQ(two.waiting(), 0U);
}

TEST_F(CoresTest, ASessionGoneBeforeItsSubscribedLeavesNothing) {
  auto subscriber = std::make_unique<TestClient>(node.core(1));
  subscriber->join();
  subscriber->say({32, 1, kNone, "a"});
  subscriber->say({32, 2, kNone, "a"});
  subscriber->say({64, 3, kNone, "p"});
  subscriber.reset();
  TestClient next(node.core(1));  // takes the same slot
  next.join();
  node.deliver_all();
  EXPECT_EQ(next.waiting(), 0U);
  EXPECT_EQ(node.home_part(0).directory->subscription_count(), 0U);
  EXPECT_EQ(node.home_part(0).directory->registration_count(), 0U);
}

}  // namespace
}  // namespace transom::router
