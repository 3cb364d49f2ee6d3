#include "wamp/client_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wamp/serializer.h"

namespace transom::wamp {
namespace {

using nlohmann::json;
using testing::ElementsAre;

/// Plays the router: keeps what the client sends and what it reports, as JSON.
class ClientSessionTest : public testing::Test, public ClientSession::Handler {
 protected:
  void on_send(ByteSpan message) override { sent.push_back(json::parse(as_text(message))); }
  void on_joined(Id id, const json&) override { joined = id; }
  void on_reply(const ClientReply& reply) override { replies.push_back(reply); }
  void on_event(const ClientEvent& event) override { events.push_back(event); }
  void on_invocation(const ClientInvocation& invocation) override {
    session.yield(invocation.request, {invocation.payload.args, nullptr});
  }
  void on_closed(const ClientClosing& closing) override { closings.push_back(closing); }

  void router(std::string_view message) { session.receive(as_bytes(message), false); }
  void join() {
    session.join();
    router(R"([2, 4711, {"roles": {"broker": {}, "dealer": {}}}])");
    sent.clear();
  }

  ClientIdentity identity{"realm1", "joe", "secret", "test"};
  ClientSession session{identity, SerializerId::json, *this};
  std::vector<json> sent;
  Id joined = 0;
  std::vector<ClientReply> replies;
  std::vector<ClientEvent> events;
  std::vector<ClientClosing> closings;
};

TEST_F(ClientSessionTest, SaysHelloWithItsRolesAndMethods) {
  session.join();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0][0], 1);
  EXPECT_EQ(sent[0][1], "realm1");
  EXPECT_EQ(sent[0][2]["authid"], "joe");
  EXPECT_EQ(sent[0][2]["authmethods"], json({"ticket", "anonymous"}));
  EXPECT_EQ(sent[0][2]["roles"].size(), 4U);
  EXPECT_EQ(session.publish("com.x", {}), 0U) << "nothing is sent before WELCOME";
  router(R"([2, 4711, {}])");
  EXPECT_EQ(joined, 4711U);
  EXPECT_EQ(session.state(), ClientSession::State::joined);
}

TEST_F(ClientSessionTest, AnswersATicketChallengeAndNoOther) {
  session.join();
  router(R"([4, "ticket", {}])");
  EXPECT_EQ(sent.at(1), json({5, "secret", json::object()}));
  router(R"([4, "wampcra", {"challenge": "x"}])");
  EXPECT_EQ(sent.at(2)[0], 3);
  ASSERT_EQ(closings.size(), 1U);
  EXPECT_EQ(closings[0].reason, "wamp.error.cannot_authenticate");
}

TEST_F(ClientSessionTest, AnAbortCarriesItsReason) {
  session.join();
  router(R"([3, {"message": "no such realm"}, "wamp.error.no_such_realm"])");
  ASSERT_EQ(closings.size(), 1U);
  EXPECT_EQ(closings[0].message, "no such realm");
  EXPECT_FALSE(closings[0].orderly);
}

TEST_F(ClientSessionTest, PublishesAndSubscribes) {
  join();
  EXPECT_EQ(session.publish("com.x", {{1, "a"}, {{"k", true}}}), 1U);
  EXPECT_EQ(session.publish("com.y", {{}, {}}, false), 2U);
  EXPECT_EQ(session.subscribe("com", Match::prefix), 3U);
  EXPECT_THAT(sent,
              ElementsAre(json::parse(R"([16,1,{"acknowledge":true},"com.x",[1,"a"],{"k":true}])"),
                          json::parse(R"([16,2,{},"com.y"])"), json::parse(R"([32,3,{"match":"prefix"},"com"])")));
  router("[33, 3, 77]");
  router("[17, 1, 99]");
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(replies[0].id, 77U);
  EXPECT_EQ(replies[1].request_type, MessageType::publish);
  router(R"([36, 77, 5, {"topic": "com.z"}, [18446744073709551615, 1.0], {"a": null}])");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].details["topic"], "com.z");
  EXPECT_EQ(events[0].payload.args.dump(), "[18446744073709551615,1.0]");
}

TEST_F(ClientSessionTest, CallsAndHearsErrors) {
  join();
  session.call("com.add", {{2, 3}, {}});
  router(R"([50, 1, {"progress": true}, [1]])");
  router(R"([50, 1, {}, [5]])");
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_TRUE(replies[0].progress);
  EXPECT_EQ(replies[1].payload.args, json({5}));
  session.call("com.none", {});
  router(R"([8, 48, 2, {}, "wamp.error.no_such_procedure", ["why"]])");
  EXPECT_EQ(replies.at(2).error, "wamp.error.no_such_procedure");
  EXPECT_EQ(replies[2].payload.args, json({"why"}));
}

TEST_F(ClientSessionTest, RegistersAndYields) {
  join();
  session.register_procedure("com.echo");
  router("[65, 1, 8]");
  router(R"([68, 31, 8, {}, ["ping"]])");
  EXPECT_EQ(sent.back(), json::parse(R"([70,31,{},["ping"]])"));
  session.refuse(32, "com.error", {{"no"}, {}});
  EXPECT_EQ(sent.back(), json::parse(R"([8,68,32,{},"com.error",["no"]])"));
  session.unregister(8);
  EXPECT_EQ(sent.back(), json::parse("[66,2,8]"));
}

TEST_F(ClientSessionTest, GoodbyeBothWays) {
  join();
  session.leave();
  EXPECT_EQ(sent.back(), json::parse(R"([6,{},"wamp.close.close_realm"])"));
  router("[36, 77, 5, {}]");  // was on its way
  EXPECT_TRUE(events.empty());
  router(R"([6, {}, "wamp.close.goodbye_and_out"])");
  ASSERT_EQ(closings.size(), 1U);
  EXPECT_TRUE(closings[0].orderly);
  EXPECT_EQ(sent.size(), 1U);
}

TEST_F(ClientSessionTest, AnswersTheRoutersGoodbye) {
  join();
  router(R"([6, {"message": "stopping"}, "wamp.close.system_shutdown"])");
  EXPECT_EQ(sent.back(), json::parse(R"([6,{},"wamp.close.goodbye_and_out"])"));
  EXPECT_EQ(closings.at(0).reason, "wamp.close.system_shutdown");
  session.lost("the connection is gone");
  EXPECT_EQ(closings.size(), 1U) << "a session ends once";
}

TEST_F(ClientSessionTest, WhatARouterMayNotSendEndsTheSession) {
  for (const char* bad : {"[50, 9, {}]", "[17, 1, 2]", "[1, \"realm1\", {}]", "[2, 3, {}]", "nonsense", "[]"}) {
    ClientSession other(identity, SerializerId::json, *this);
    closings.clear();
    other.join();
    other.receive(as_bytes("[2, 1, {}]"), false);
    other.call("com.x", {});
    other.receive(as_bytes(bad), false);
    ASSERT_EQ(closings.size(), 1U) << bad;
    EXPECT_EQ(closings[0].reason, "wamp.error.protocol_violation") << bad;
    EXPECT_EQ(sent.back()[0], 3) << bad;
  }
}

TEST_F(ClientSessionTest, SpeaksTheBinarySerializersToo) {
  struct Echo : ClientSession::Handler {
    void on_send(ByteSpan message) override { octets.assign(message.begin(), message.end()); }
    void on_closed(const ClientClosing&) override {}
    std::vector<std::uint8_t> octets;
  };
  for (const SerializerId serializer : {SerializerId::msgpack, SerializerId::cbor}) {
    Echo echo;
    ClientSession other(identity, serializer, echo);
    other.join();
    Message hello;
    ASSERT_TRUE(decode(serializer, echo.octets, false, hello));
    EXPECT_EQ(hello.uri, "realm1");
  }
}

}  // namespace
}  // namespace transom::wamp
