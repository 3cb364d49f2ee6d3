#include <gtest/gtest.h>

#include <string>

#include "wamp/wamp_testing.h"

namespace transom::wamp {
namespace {

using nlohmann::json;

Payload payload_of(SerializerId serializer, std::string_view args, std::string_view kwargs) {
  return {serializer, as_bytes(args), as_bytes(kwargs)};
}

TEST(Encoder, EventInEverySerialization) {
  for (SerializerId to : kAllSerializers) {
    for (SerializerId from : kAllSerializers) {
      std::string args = oracle_encode(from, {1, "x", 2.5}), kwargs = oracle_encode(from, {{"k", {true}}});
      Buffer out;
      Encoder e(to, out, MessageType::event, 3, payload_of(from, args, kwargs));
      e.id(7).id(kMaxId).empty_dict().finish();
      EXPECT_EQ(oracle_decode(to, out.view()), (json{36, 7, kMaxId, json::object(), {1, "x", 2.5}, {{"k", {true}}}}));
    }
  }
}

TEST(Encoder, JsonText) {
  Buffer out;
  Encoder(SerializerId::json, out, MessageType::published, 2).id(1).id(2).finish();
  EXPECT_EQ(out.text(), "[17,1,2]");
  out.clear();
  Encoder(SerializerId::json, out, MessageType::result, 2, payload_of(SerializerId::json, "", R"({ "a":1 })"))
      .id(1)
      .empty_dict()
      .finish();
  EXPECT_EQ(out.text(), R"([50,1,{},[],{ "a":1 }])") << "untouched, and a list in front of the dict";
  out.clear();
  Encoder(SerializerId::json, out, MessageType::abort, 2)
      .dict(1)
      .key("message")
      .text("a\"b")
      .text("wamp.error.x")
      .finish();
  EXPECT_EQ(out.text(), R"([3,{"message":"a\"b"},"wamp.error.x"])");
}

TEST(Encoder, DictsCloseThemselves) {
  for (SerializerId to : kAllSerializers) {
    Buffer out;
    Encoder e(to, out, MessageType::welcome, 2);
    e.id(1).dict(4);
    e.key("a").boolean(true);
    e.key("b").dict(2).key("c").empty_dict().key("d").dict(1).key("e").text("f");
    e.key("g").json({{"x", {1, nullptr}}});
    e.key("h").raw(SerializerId::json, as_bytes("[1.0]"));
    e.finish();
    json expected = {
        2,
        1,
        {{"a", true}, {"b", {{"c", json::object()}, {"d", {{"e", "f"}}}}}, {"g", {{"x", {1, nullptr}}}}, {"h", {1.0}}}};
    EXPECT_EQ(oracle_decode(to, out.view()), expected);
  }
}

TEST(Encoder, AppendsBehindWhatIsThere) {
  Buffer out;
  out.append("head");
  Encoder(SerializerId::msgpack, out, MessageType::event_received, 1).id(1).finish();
  EXPECT_EQ(out.text(), "head" + from_hex("92cd015101"));
}

TEST(Encoder, WhatItWritesDecodes) {
  for (SerializerId to : kAllSerializers) {
    Buffer out;
    Encoder(to, out, MessageType::error, 4, payload_of(SerializerId::cbor, from_hex("81d840420102"), {}))
        .id(48)
        .id(9)
        .empty_dict()
        .text("com.error")
        .finish();
    Message message;
    ASSERT_TRUE(decode(to, out.view(), false, message));
    EXPECT_EQ(message.request_type, MessageType::call);
    EXPECT_EQ(message.uri, "com.error");
    EXPECT_EQ(decode_value(to, message.payload.args).value(), json::array({json::binary({1, 2})}));
  }
}

}  // namespace
}  // namespace transom::wamp
