#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "wamp/options.h"
#include "wamp/wamp_testing.h"

namespace transom::wamp {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// One valid message of each type.
std::vector<json> all_messages() {
  json none = json::object(), args = {1, "x"}, kwargs = {{"k", true}};
  return {
      {1, "realm1", {{"roles", {{"caller", none}}}}},
      {2, 9129137332, {{"roles", {{"broker", none}}}}},
      {3, none, "wamp.error.no_such_realm"},
      {3, {{"message", "so"}}, "wamp.error.no_such_realm", args, kwargs},
      {4, "ticket", none},
      {5, "secret", none},
      {6, none, "wamp.close.normal"},
      {8, 68, 7, none, "com.error", args, kwargs},
      {16, 1, {{"acknowledge", true}}, "com.topic", args, kwargs},
      {17, 1, 2},
      {32, 1, none, "com.topic"},
      {33, 1, 2},
      {34, 1, 2},
      {35, 1},
      {35, 0, {{"subscription", 2}}},
      {36, 1, 2, none, args},
      {48, 1, none, "com.procedure", args, kwargs},
      {49, 1, none},
      {50, 1, none, json::array(), kwargs},
      {64, 1, none, "com.procedure"},
      {65, 1, 2},
      {66, 1, 2},
      {67, 1},
      {68, 1, 2, none, args, kwargs},
      {69, 1, {{"mode", "kill"}}},
      {70, 1, none, args},
      {337, 1},
  };
}

TEST(Decode, EveryFieldOfAPublish) {
  json message = {16, 239714735, {{"acknowledge", true}}, "com.myapp.topic", {"Hello", 1.5}, {{"a", nullptr}}};
  for (SerializerId serializer : kAllSerializers) {
    std::string octets = oracle_encode(serializer, message);
    Message out;
    ASSERT_TRUE(decode(serializer, as_bytes(octets), false, out));
    EXPECT_EQ(out.type, MessageType::publish);
    EXPECT_EQ(out.request, 239714735U);
    EXPECT_EQ(out.uri, "com.myapp.topic");
    EXPECT_EQ(out.payload.serializer, serializer);
    EXPECT_EQ(as_text(out.details), oracle_encode(serializer, message[2]));
    EXPECT_EQ(as_text(out.payload.args), oracle_encode(serializer, message[4]));
    EXPECT_EQ(as_text(out.payload.kwargs), oracle_encode(serializer, message[5]));
  }
}

TEST(Decode, AllTypes) {
  for (const json& message : all_messages()) {
    for (SerializerId serializer : kAllSerializers) {
      EXPECT_EQ(refusal(serializer, oracle_encode(serializer, message)), "") << message;
    }
  }
}

TEST(Decode, FieldsOfOtherTypes) {
  Message out;
  auto read = [&](std::string_view text) { return decode(SerializerId::json, as_bytes(text), true, out).has_value(); };
  ASSERT_TRUE(read(R"([8,48,5,{},"com.error"])"));
  EXPECT_EQ(out.request_type, MessageType::call);
  EXPECT_EQ(out.request, 5U);
  EXPECT_TRUE(out.payload.args.empty());
  ASSERT_TRUE(read(R"([36,5,6,{},[]])"));
  EXPECT_EQ(out.request_type, MessageType::none) << "nothing of the last message is left";
  EXPECT_EQ(out.request, 5U);
  EXPECT_EQ(out.id, 6U);
  EXPECT_EQ(as_text(out.payload.args), "[]");
  ASSERT_TRUE(read(R"([2,77,{}])"));
  EXPECT_EQ(out.id, 77U);
  ASSERT_TRUE(read(R"([5,"se\"cret",{"x":1}])"));
  EXPECT_EQ(out.signature, "se\"cret");
  EXPECT_EQ(as_text(out.details), R"({"x":1})");
  ASSERT_TRUE(read(R"([4,"ticket",{}])"));
  EXPECT_EQ(out.uri, "ticket");
  ASSERT_TRUE(read(R"([1,null,{}])"));
  EXPECT_TRUE(out.realm_is_null);
  ASSERT_TRUE(read(" [ 1 , \"r\\u0065alm\" , { } ] \n"));
  EXPECT_FALSE(out.realm_is_null);
  EXPECT_EQ(out.uri, "realm");
}

TEST(Decode, IdsInEveryForm) {
  Message out;
  auto id = [&](std::string_view hex, SerializerId serializer) -> Id {
    std::string octets = from_hex(hex);
    return decode(serializer, as_bytes(octets), false, out) ? out.request : 0;
  };
  for (const char* hex : {"92cd015107", "92cd0151cc07", "92cd0151cd0007", "92cd0151ce00000007",
                          "92cd0151cf0000000000000007", "92cd0151d007", "92cd0151d30000000000000007",
                          "92cd0151ca40e00000", "92cd0151cb401c000000000000", "dc0002cd015107"}) {
    EXPECT_EQ(id(hex, SerializerId::msgpack), 7U) << hex;
  }
  for (const char* hex : {"8219015107", "821901511807", "82190151190007", "821901511a00000007",
                          "821901511b0000000000000007", "82190151f94700", "82190151fa40e00000",
                          "82190151fb401c000000000000", "9f19015107ff", "82190151c24107", "d9d9f7821901 5107"}) {
    EXPECT_EQ(id(hex, SerializerId::cbor), 7U) << hex;
  }
  // What JavaScript libraries make of integers from 2^32 on.
  EXPECT_EQ(id("82190151fb41f0000000000000", SerializerId::cbor), Id{1} << 32);
  EXPECT_EQ(id("82190151fa5a000000", SerializerId::cbor), kMaxId);
  EXPECT_EQ(id("92cd0151cb4340000000000000", SerializerId::msgpack), kMaxId);
}

TEST(Decode, RefusedIds) {
  for (const char* id : {"0", "-1", "9007199254740993", "18446744073709551615", "1e300", "1.5", "true", "null", "\"1\"",
                         "[]", "{}", "99999999999999999999999"}) {
    std::string error = refusal(std::string("[32,") + id + R"(,{},"a.b"])");
    EXPECT_EQ(error, "SUBSCRIBE: Request|id must be an integer from 1 to 2^53") << id;
  }
  EXPECT_EQ(refusal(R"([32,9007199254740992,{},"a.b"])"), "");
  EXPECT_EQ(refusal(R"([32,7.0,{},"a.b"])"), "");
  EXPECT_THAT(refusal("[35,0]"), HasSubstr("UNSUBSCRIBED"));
  EXPECT_THAT(refusal(SerializerId::cbor, from_hex("82190151f97e00")), HasSubstr("EVENT_RECEIVED")) << "NaN";
}

TEST(Decode, ErrorsNameMessageAndField) {
  EXPECT_EQ(refusal(R"([16,1,{},5])"), "PUBLISH: Topic|uri must be a string, it is an integer");
  EXPECT_EQ(refusal(R"([16,1,{}])"), "PUBLISH: Topic|uri is missing");
  EXPECT_EQ(refusal(R"([16])"), "PUBLISH: Request|id is missing");
  EXPECT_EQ(refusal(R"([16,1,[],"a"])"), "PUBLISH: Options|dict must be a dict, it is a list");
  EXPECT_EQ(refusal(R"([16,1,{},"a",{}])"), "PUBLISH: Arguments|list must be a list (or one binary), it is a dict");
  EXPECT_EQ(refusal(R"([16,1,{},"a",null])"), "PUBLISH: Arguments|list must be a list (or one binary), it is null");
  EXPECT_EQ(refusal(R"([16,1,{},"a",[],[]])"), "PUBLISH: ArgumentsKw|dict must be a dict, it is a list");
  EXPECT_EQ(refusal(R"([16,1,{},"a",[],{},1])"), "PUBLISH: too many elements");
  EXPECT_EQ(refusal(R"([32,1,{},"a",[]])"), "SUBSCRIBE: too many elements");
  EXPECT_EQ(refusal(R"([1,5,{}])"), "HELLO: Realm|uri must be a string, it is an integer");
  EXPECT_EQ(refusal(R"([5,null,{}])"), "AUTHENTICATE: Signature|string must be a string, it is null");
  EXPECT_EQ(refusal(R"([8,7,1,{},"a"])"), "ERROR: REQUEST.Type|int 7 is no message code");
  EXPECT_EQ(refusal(R"([8,"48",1,{},"a"])"), "ERROR: REQUEST.Type|int must be the code of a message, it is a string");
  EXPECT_EQ(refusal(R"([16,1,{},"a",[1,}])"), "PUBLISH: Arguments|list: not valid JSON at octet 16: a value is needed");
  EXPECT_EQ(refusal(R"([16,1,{},"a"] x)"), "PUBLISH: octets follow behind the end of the message");
}

TEST(Decode, NotAMessage) {
  EXPECT_EQ(refusal("[]"), "a message must not be empty");
  EXPECT_EQ(refusal("{}"), "a message must be a list, it is a dict");
  EXPECT_EQ(refusal("[7,1]"), "the message code 7 is not known");
  EXPECT_EQ(refusal("[0]"), "the message code 0 is not known");
  EXPECT_EQ(refusal("[1000000]"), "the message code 1000000 is not known");
  EXPECT_EQ(refusal("[true]"), "a message must start with its code, an integer; it is a boolean");
  EXPECT_EQ(refusal("[-1]"), "a message must start with its code, an integer; it is an integer");
  EXPECT_THAT(refusal(""), HasSubstr("the message is not valid JSON at octet 0"));
  EXPECT_THAT(refusal("[16"), HasSubstr("PUBLISH"));
  EXPECT_THAT(refusal("hello"), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal(SerializerId::msgpack, ""), HasSubstr("not valid MessagePack"));
  EXPECT_THAT(refusal(SerializerId::cbor, "\xFF"), HasSubstr("not valid CBOR"));
}

TEST(Decode, Utf8IsCheckedOnce) {
  std::string bad = "[16,1,{},\"a\xC3\"]";
  EXPECT_THAT(refusal(bad), HasSubstr("UTF-8"));
  EXPECT_THAT(refusal(SerializerId::msgpack, from_hex("9410 01 80 a2 61c3")), HasSubstr("UTF-8"));
  EXPECT_THAT(refusal(SerializerId::cbor, from_hex("8510 01 a0 6161 81 62c328")), HasSubstr("UTF-8"));
}

TEST(Decode, PayloadTransparency) {
  EXPECT_EQ(refusal(R"([16,1,{},"a","\u0000AAEC"])"), "");
  EXPECT_EQ(refusal(SerializerId::msgpack, from_hex("9510 01 80 a161 c40101")), "");
  EXPECT_EQ(refusal(SerializerId::cbor, from_hex("8510 01 a0 6161 d8404101")), "");
  EXPECT_EQ(refusal(R"([16,1,{},"a","text"])"),
            "PUBLISH: Arguments|list must be a list (or one binary), it is a string");
  EXPECT_EQ(refusal(R"([16,1,{"x":[{}],"enc_algo":"cryptobox"},"a","text"])"), "");
}

TEST(Decode, KeysOfDicts) {
  EXPECT_THAT(refusal(SerializerId::msgpack, from_hex("9410 01 810101 a161")), HasSubstr("a key must be a string"));
  EXPECT_THAT(refusal(SerializerId::msgpack, from_hex("9410 01 81a161 810101 a161")),
              HasSubstr("a key must be a string"));
  EXPECT_THAT(refusal(SerializerId::cbor, from_hex("8610 01 a0 6161 80 a10101")), HasSubstr("ArgumentsKw|dict"));
  EXPECT_EQ(refusal(SerializerId::cbor, from_hex("8610 01 a0 6161 80 a16161a10101")), "") << "deep in the payload";
  EXPECT_EQ(refusal(SerializerId::msgpack, from_hex("9510 01 80 a161 91810101")), "");
  EXPECT_THAT(refusal(SerializerId::msgpack, from_hex("9510 01 80 a161 9181c001")), HasSubstr("string or an integer"));
}

TEST(Decode, EveryTruncationIsRefused) {
  for (const json& message : all_messages()) {
    for (SerializerId serializer : kAllSerializers) {
      std::string whole = oracle_encode(serializer, message);
      for (std::size_t size = 0; size < whole.size(); ++size) {
        std::vector<char> piece(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_NE(refusal(serializer, {piece.data(), size}), "") << message << size;
      }
      EXPECT_NE(refusal(serializer, whole + "\x01"), "") << message;
    }
  }
}

TEST(Decode, NestingLimit) {
  auto message = [](SerializerId serializer, int depth) {
    json value = json::array();
    for (int i = 1; i < depth; ++i) value = json::array({value});
    return oracle_encode(serializer, {16, 1, json::object(), "a", value});
  };
  for (SerializerId serializer : kAllSerializers) {
    EXPECT_EQ(refusal(serializer, message(serializer, kMaxNesting - 1)), "");
    EXPECT_THAT(refusal(serializer, message(serializer, kMaxNesting)), HasSubstr("nested too deeply"));
    EXPECT_THAT(refusal(serializer, message(serializer, 200)), HasSubstr("nested too deeply"));
  }
}

TEST(MessageType, Names) {
  EXPECT_EQ(to_string(MessageType::hello), "HELLO");
  EXPECT_EQ(to_string(MessageType::event_received), "EVENT_RECEIVED");
  EXPECT_EQ(to_string(MessageType::none), "UNKNOWN");
}

TEST(Serializers, Table) {
  EXPECT_EQ(serializers().size(), kSerializerCount);
  for (SerializerId serializer : kAllSerializers) {
    const SerializerInfo& info = serializer_info(serializer);
    EXPECT_EQ(info.id, serializer);
    EXPECT_EQ(serializer_by_name(info.name), serializer);
    EXPECT_EQ(serializer_by_subprotocol(info.subprotocol), serializer);
  }
  EXPECT_EQ(serializer_by_subprotocol("wamp.2.ubjson"), std::nullopt);
  EXPECT_EQ(serializer_by_name("wamp.2.json"), std::nullopt);
}

}  // namespace
}  // namespace transom::wamp
