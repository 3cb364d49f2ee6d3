#include "router/session.h"

#include <gtest/gtest.h>

#include "router/router_testing.h"

namespace transom::router {
namespace {

using testing::json;
using testing::open_realm;
using testing::TestClient;
using testing::TestNode;
using wamp::SerializerId;

constexpr const char* kViolation = "wamp.error.protocol_violation";

struct SessionTest : ::testing::Test {
  TestNode node;
  SessionTest() {
    node.add_realm(open_realm());
    RealmConfig closed;
    closed.name = "closed";
    node.add_realm(closed);
    node.add_realm(open_realm("elsewhere"), 0, "worker2");
    node.start();
  }
  RouterCore& core() { return node.core(0); }
  /// The last message was a three-element ABORT and the transport was told to end.
  static void expect_abort(TestClient& client, const std::string& reason) {
    const json abort = client.take();
    ASSERT_TRUE(abort.is_array());
    ASSERT_EQ(abort.size(), 3U);
    EXPECT_EQ(abort[0], 3);
    EXPECT_TRUE(abort[1]["message"].is_string());
    EXPECT_EQ(abort[2], reason);
    EXPECT_EQ(client.waiting(), 0U);
    EXPECT_TRUE(client.ended);
  }
};

TEST_F(SessionTest, HelloIsWelcomedWithTrueDetails) {
  for (const auto serializer : {SerializerId::json, SerializerId::msgpack, SerializerId::cbor}) {
    TestClient client(core(), serializer);
    const json welcome = client.join();
    ASSERT_EQ(welcome[0], 2);
    EXPECT_GE(welcome[1].get<Id>(), 1U);
    EXPECT_LE(welcome[1].get<Id>(), wamp::kMaxId);
    EXPECT_EQ(welcome[1].get<Id>(), client.session().id());
    EXPECT_EQ(welcome[2]["realm"], "realm1");
    EXPECT_EQ(welcome[2]["authrole"], "anonymous");
    EXPECT_EQ(welcome[2]["authmethod"], "anonymous");
    EXPECT_EQ(welcome[2]["authprovider"], "static");
    EXPECT_TRUE(welcome[2]["roles"]["broker"]["features"].is_object());
    EXPECT_TRUE(welcome[2]["roles"]["dealer"]["features"].is_object());
    for (const char* role : {"broker", "dealer"}) {
      for (const auto& [name, value] : welcome[2]["roles"][role]["features"].items()) EXPECT_EQ(value, true) << name;
    }
    EXPECT_EQ(client.joined_count, 1);
    EXPECT_EQ(core().session_count(), 1U);
  }
  EXPECT_EQ(core().session_count(), 0U);
}

TEST_F(SessionTest, WelcomeDescribesTheTransport) {
  TestClient clear(core());
  clear.facts = {"tcp4:127.0.0.1:4711", "websocket", "json", {}, {}};
  EXPECT_EQ(clear.join()[2]["transport"], (json{{"channel_type", "tcp"},
                                                {"channel_framing", "websocket"},
                                                {"channel_serializer", "json"},
                                                {"peer", "tcp4:127.0.0.1:4711"},
                                                {"is_secure", false}}));
  TestClient secure(core());
  secure.facts.tls = TlsFacts{"TLSv1.3", "TLS_AES_128_GCM_SHA256", "X25519", "node.example", true, "\x01\xff", ""};
  secure.facts.certificate.emplace();
  secure.facts.certificate->subject = "CN=joe";
  secure.facts.certificate->emails = {"joe@example.net"};
  const json transport = secure.join()[2]["transport"];
  EXPECT_EQ(transport["channel_type"], "tls");
  EXPECT_EQ(transport["is_secure"], true);
  EXPECT_EQ(transport["tls"], (json{{"version", "TLSv1.3"},
                                    {"cipher", "TLS_AES_128_GCM_SHA256"},
                                    {"group", "X25519"},
                                    {"server_name", "node.example"},
                                    {"resumed", true}}));
  EXPECT_EQ(transport["channel_id"], (json{{"tls-unique", "01ff"}}));
  EXPECT_EQ(transport["peer_cert"]["subject"], "CN=joe");
  EXPECT_EQ(transport["peer_cert"]["subject_alt_names"], (json{{"email", {"joe@example.net"}}}));
}

TEST_F(SessionTest, MethodTlsAsksTheTransportForTheCertificate) {
  AuthConfig auth;
  auth.tls = {{"joe", {TlsPrincipal::By::subject, "CN=joe", "anonymous"}}};
  for (const char* subject : {"CN=joe", "CN=jane"}) {
    TestClient client(core(), SerializerId::json, &auth);
    client.facts.certificate.emplace();
    client.facts.certificate->subject = subject;
    const json answer = client.join("realm1", {{"authmethods", {"tls"}}});
    EXPECT_EQ(answer[0], subject == std::string("CN=joe") ? 2 : 3);
  }
  TestClient bare(core(), SerializerId::json, &auth);
  EXPECT_EQ(bare.join("realm1", {{"authmethods", {"tls"}}})[0], 3);
}

TEST_F(SessionTest, HelloNeedsARole) {
  for (const json& details : {json::object(), json{{"roles", json::object()}}, json{{"roles", 1}},
                              json{{"roles", {{"broker", json::object()}}}}}) {
    TestClient client(core());
    client.say({1, "realm1", details});
    expect_abort(client, kViolation);
  }
}

TEST_F(SessionTest, UnknownRealmsAreRefused) {
  for (const char* realm : {"nowhere", "", "elsewhere", "realm"}) {
    TestClient client(core());
    client.say({1, realm, {{"roles", {{"caller", json::object()}}}}});
    expect_abort(client, "wamp.error.no_such_realm");
    EXPECT_EQ(client.end_reason, CloseReason::wamp_refused);
  }
  TestClient client(core());
  client.say({1, nullptr, {{"roles", {{"caller", json::object()}}}}});
  expect_abort(client, "wamp.error.no_such_realm");  // nothing says which one
}

TEST_F(SessionTest, TheSameNameInAnotherWorkerIsAnotherRealm) {
  TestClient client(core(), SerializerId::json, nullptr, "worker2");
  EXPECT_EQ(client.join("elsewhere")[0], 2);
}

TEST_F(SessionTest, ARoleThatTheRealmLacksIsRefused) {
  TestClient client(core());
  client.say({1, "closed", {{"roles", {{"caller", json::object()}}}}});
  expect_abort(client, "wamp.error.no_such_role");
  EXPECT_EQ(core().session_count(), 0U);
}

TEST_F(SessionTest, NothingButHelloOpensASession) {
  const json messages[] = {{16, 1, json::object(), "a"},
                           {32, 1, json::object(), "a"},
                           {48, 1, json::object(), "a"},
                           {5, "x", json::object()},
                           {6, json::object(), "wamp.close.normal"},
                           {8, 68, 1, json::object(), "a.b"},
                           {70, 1, json::object()},
                           {2, 1, json::object()}};
  for (const json& message : messages) {
    TestClient client(core());
    client.say(message);
    expect_abort(client, kViolation);
    EXPECT_EQ(client.end_reason, CloseReason::wamp_protocol_error);
  }
}

TEST_F(SessionTest, ViolationsInAnOpenSessionEndIt) {
  const json messages[] = {{1, "realm1", {{"roles", {{"caller", json::object()}}}}},
                           {2, 1, json::object()},
                           {4, "ticket", json::object()},
                           {5, "x", json::object()},
                           {17, 1, 1},
                           {36, 1, 1, json::object()},
                           {50, 1, json::object()},
                           {68, 1, 1, json::object()},
                           json::array(),
                           json::object(),
                           {9999},
                           {16, 0, json::object(), "a"},
                           {16, 1.5, json::object(), "a"},
                           {16, 1, json::object(), "a", json::array(), json::object(), 1},
                           {16, 1, {{"acknowledge", 1}}, "a"},
                           {32, 1, {{"match", "regex"}}, "a"},
                           {8, 48, 1, json::object(), "a.b"}};
  for (const json& message : messages) {
    TestClient client(core());
    client.join();
    client.say(message);
    expect_abort(client, kViolation);
    client.say({16, 1, {{"acknowledge", true}}, "a"});  // nothing is taken any more
    EXPECT_EQ(client.waiting(), 0U) << message;
    EXPECT_EQ(core().session_count(), 0U);
  }
}

TEST_F(SessionTest, BrokenOctetsEndTheSession) {
  for (const char* text : {"", "[", "[16,1,{},\"a\"] ]", "\xff", "[16,1,{},\"\xc0\x80\"]"}) {
    TestClient client(core());
    client.join();
    const std::string_view octets(text);
    client.say_octets({octets.begin(), octets.end()});
    expect_abort(client, kViolation);
  }
}

TEST_F(SessionTest, AbortIsNeverAnswered) {
  for (const bool joined : {false, true}) {
    TestClient client(core());
    if (joined) client.join();
    client.say({3, json::object(), "wamp.error.cannot_authenticate"});
    EXPECT_EQ(client.waiting(), 0U);
    EXPECT_TRUE(client.ended);
    EXPECT_EQ(core().session_count(), 0U);
  }
}

TEST_F(SessionTest, GoodbyeIsEchoedAndTheTransportTakesANewHello) {
  TestClient client(core());
  const Id first = client.join()[1];
  client.say({32, 1, json::object(), "a"});
  client.take();
  EXPECT_EQ(client.ask({6, json::object(), "wamp.close.normal"}),
            json({6, json::object(), "wamp.close.goodbye_and_out"}));
  EXPECT_EQ(client.left_count, 1);
  EXPECT_FALSE(client.ended);
  EXPECT_EQ(core().session_count(), 0U);
  TestClient publisher(core());
  publisher.join();
  publisher.say({16, 1, json::object(), "a"});
  EXPECT_EQ(client.waiting(), 0U);
  const json welcome = client.join();
  EXPECT_EQ(welcome[0], 2);
  EXPECT_NE(welcome[1], first);
  publisher.say({16, 2, json::object(), "a"});
  EXPECT_EQ(client.waiting(), 0U);  // the new session has no subscription yet
}

TEST_F(SessionTest, OurGoodbyeWaitsForTheClients) {
  TestClient client(core());
  client.join();
  client.session().say_goodbye("wamp.close.system_shutdown", CloseReason::server_shutdown);
  EXPECT_EQ(client.take(), json({6, json::object(), "wamp.close.system_shutdown"}));
  EXPECT_FALSE(client.ended);
  client.say({48, 1, json::object(), "a"});  // it was under way
  EXPECT_EQ(client.waiting(), 0U);
  client.say({6, json::object(), "wamp.error.goodbye_and_out"});
  EXPECT_TRUE(client.ended);
  EXPECT_EQ(client.end_reason, CloseReason::server_shutdown);
  EXPECT_EQ(client.waiting(), 0U);
}

struct TicketTest : SessionTest {
  AuthConfig auth;
  TicketTest() { auth.ticket = {{"joe", {"secret", "anonymous"}}}; }
  json hello(const char* authid) {
    return {1, "realm1", {{"roles", {{"caller", json::object()}}}, {"authmethods", {"ticket"}}, {"authid", authid}}};
  }
};

TEST_F(TicketTest, TheTicketOpensTheSession) {
  TestClient client(core(), SerializerId::json, &auth);
  EXPECT_EQ(client.ask(hello("joe")), json({4, "ticket", json::object()}));
  EXPECT_EQ(core().session_count(), 0U);
  const json welcome = client.ask({5, "secret", json::object()});
  EXPECT_EQ(welcome[0], 2);
  EXPECT_EQ(welcome[2]["authid"], "joe");
  EXPECT_EQ(welcome[2]["authmethod"], "ticket");
}

TEST_F(TicketTest, WrongTicketAndUnknownNameLookAlike) {
  json first;
  for (const char* authid : {"joe", "unknown"}) {
    TestClient client(core(), SerializerId::json, &auth);
    EXPECT_EQ(client.ask(hello(authid))[0], 4);
    const json abort = client.ask({5, "wrong", json::object()});
    EXPECT_EQ(abort[0], 3);
    if (first.is_null()) first = abort;
    EXPECT_EQ(abort, first);
    EXPECT_TRUE(client.ended);
  }
}

TEST_F(TicketTest, OnlyAuthenticateAnswersAChallenge) {
  for (const json& message : {hello("joe"), json({16, 1, json::object(), "a"})}) {
    TestClient client(core(), SerializerId::json, &auth);
    client.ask(hello("joe"));
    client.say(message);
    expect_abort(client, kViolation);
  }
}

TEST_F(TicketTest, LeavingDuringTheChallengeIsHarmless) {
  TestClient client(core(), SerializerId::json, &auth);
  client.ask(hello("joe"));
  client.drop();
  EXPECT_EQ(core().session_count(), 0U);
}

}  // namespace
}  // namespace transom::router
