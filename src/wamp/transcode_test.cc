#include "wamp/transcode.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

#include "wamp/wamp_testing.h"

namespace transom::wamp {
namespace {

using nlohmann::json;

std::string transcoded(SerializerId from, std::string_view value, SerializerId to) {
  Buffer out;
  transcode(from, as_bytes(value), to, out);
  return std::string(out.text());
}
std::string to_json(SerializerId from, std::string_view hex) {
  return transcoded(from, from_hex(hex), SerializerId::json);
}
std::string from_json(std::string_view text, SerializerId to) { return transcoded(SerializerId::json, text, to); }

/// Random trees of every kind of value, the limits of the integers among them.
class Trees {
 public:
  explicit Trees(unsigned seed) : random_(seed) {}

  json make(int depth) {
    switch (pick(depth > 0 ? 10 : 7)) {
      case 0:
        return nullptr;
      case 1:
        return pick(2) == 1;
      case 2:
        return static_cast<std::int64_t>(bits() >> pick(64)) * (pick(2) == 1 ? 1 : -1);
      case 3:
        return bits() >> pick(64);
      case 4:
        return std::ldexp(static_cast<double>(static_cast<std::int64_t>(bits())), static_cast<int>(pick(200)) - 150);
      case 5:
        return text();
      case 6:
        return json::binary(octets());
      case 7:
      case 8:
        return array(depth);
      default:
        return object(depth);
    }
  }

 private:
  std::uint64_t bits() { return random_(); }
  std::uint64_t pick(std::uint64_t count) { return random_() % count; }
  std::string text() {
    static const char* const kPieces[] = {
        "a", "hello world, this is text", "\"", "\\", "\n", "\x01", "ü", "€", "😀", "/", "\x7F"};
    std::string out;
    for (auto count = pick(8) * pick(8); count > 0; --count) out += kPieces[pick(std::size(kPieces))];
    return out;
  }
  std::vector<std::uint8_t> octets() {
    std::vector<std::uint8_t> out(pick(40));
    for (auto& octet : out) octet = static_cast<std::uint8_t>(bits());
    return out;
  }
  json array(int depth) {
    json out = json::array();
    for (auto count = pick(6) * pick(5); count > 0; --count) out.push_back(make(depth - 1));
    return out;
  }
  json object(int depth) {
    json out = json::object();
    for (auto count = pick(6) * pick(5); count > 0; --count) out[text()] = make(depth - 1);
    return out;
  }
  std::mt19937_64 random_;
};

TEST(Transcode, RandomTreesAgreeWithTheOracle) {
  Trees trees(20261121);
  for (int round = 0; round < 400; ++round) {
    json tree = trees.make(4);
    for (SerializerId from : kAllSerializers) {
      std::string octets = oracle_encode(from, tree);
      auto decoded = decode_value(from, as_bytes(octets));
      ASSERT_TRUE(decoded) << decoded.error().message;
      ASSERT_EQ(*decoded, tree);
      for (SerializerId to : kAllSerializers) {
        std::string out = transcoded(from, octets, to);
        json read = oracle_decode(to, as_bytes(out));
        ASSERT_EQ(read, to == SerializerId::json ? without_binary(tree) : tree);
        Buffer encoded;
        encode_value(to, tree, encoded);
        ASSERT_EQ(oracle_decode(to, encoded.view()), to == SerializerId::json ? without_binary(tree) : tree);
        if (from != to && to != SerializerId::json) {
          ASSERT_EQ(out, encoded.text()) << "both write the shortest form";
        }
      }
    }
  }
}

TEST(Transcode, FloatsStayFloatsAndIntegersIntegers) {
  EXPECT_EQ(to_json(SerializerId::cbor, "84f93c00fb41f000000000000001 1bffffffffffffffff"),
            "[1.0,4294967296.0,1,18446744073709551615]");
  EXPECT_EQ(from_json("[1.0,1,1e0]", SerializerId::cbor), from_hex("83fb3ff000000000000001fb3ff0000000000000"));
  EXPECT_EQ(from_json("[9007199254740993,-9223372036854775808]", SerializerId::msgpack),
            from_hex("92cf0020000000000001d38000000000000000"));
  EXPECT_EQ(to_json(SerializerId::cbor, "83f97e00f97c00f9fc00"), "[null,null,null]");
  EXPECT_EQ(transcoded(SerializerId::cbor, from_hex("f97e00"), SerializerId::msgpack).size(), 9U);
}

TEST(Transcode, Binary) {
  EXPECT_EQ(to_json(SerializerId::msgpack, "c41010e3ff9053075c526f5fc06d4fe37cdb"),
            R"("\u0000EOP/kFMHXFJvX8BtT+N82w==")");
  EXPECT_EQ(from_json(R"("\u0000EOP/kFMHXFJvX8BtT+N82w==")", SerializerId::cbor),
            from_hex("5010e3ff9053075c526f5fc06d4fe37cdb"));
  EXPECT_EQ(from_json(R"("\u0000EOP\/kFMHXFJvX8BtT+N82w==")", SerializerId::cbor),
            from_hex("5010e3ff9053075c526f5fc06d4fe37cdb"));
  EXPECT_EQ(from_json(R"("\u0000")", SerializerId::msgpack), from_hex("c400"));
  EXPECT_EQ(from_json(R"("\u0000no base64")", SerializerId::msgpack), from_hex("aa006e6f20626173653634"));
  EXPECT_EQ(from_json(R"("EOP/")", SerializerId::msgpack), from_hex("a4454f502f"));
  EXPECT_EQ(from_json(R"({"\u0000AAAA":1})", SerializerId::cbor), from_hex("a165004141414101")) << "keys are text";
  EXPECT_EQ(transcoded(SerializerId::cbor, from_hex("d840420102"), SerializerId::msgpack), from_hex("c4020102"));
  EXPECT_EQ(transcoded(SerializerId::cbor, from_hex("5f41014102ff"), SerializerId::msgpack), from_hex("c4020102"));
  EXPECT_EQ(transcoded(SerializerId::msgpack, from_hex("d6ff01020304"), SerializerId::cbor), from_hex("4401020304"));
}

TEST(Transcode, WhatOtherFormatsCannotSay) {
  EXPECT_EQ(to_json(SerializerId::cbor, "81f7"), "[null]");
  EXPECT_EQ(to_json(SerializerId::msgpack, "82ff01 cfffffffffffffffff02"), R"({"-1":1,"18446744073709551615":2})");
  EXPECT_EQ(transcoded(SerializerId::msgpack, from_hex("81ff01"), SerializerId::cbor), from_hex("a12001"));
  EXPECT_EQ(to_json(SerializerId::cbor, "c250ffffffffffffffffffffffffffffffff"), "3.402823669209385e+38");
  EXPECT_EQ(from_json("340282366920938463463374607431768211455", SerializerId::cbor), from_hex("fb47f0000000000000"));
  EXPECT_EQ(from_json(R"("\ud83d")", SerializerId::cbor), from_hex("63efbfbd"));
}

TEST(Transcode, CountsOfMapsAndIndefiniteLengths) {
  EXPECT_EQ(from_json(R"({"a":[1,{"b":2,"c":[]}],"d":{}})", SerializerId::msgpack),
            from_hex("82a1619201 82a16202a16390 a16480"));
  EXPECT_EQ(transcoded(SerializerId::cbor, from_hex("bf61610161629f0203ffff"), SerializerId::msgpack),
            from_hex("82a16101a162920203"));
  std::string many = "[";
  for (int i = 0; i < 1000; ++i) many += i == 0 ? "[{}]" : ",[{}]";
  std::string expected = from_hex("dc03e8");
  for (int i = 0; i < 1000; ++i) expected += from_hex("9180");
  EXPECT_EQ(from_json(many + "]", SerializerId::msgpack), expected);
}

TEST(Transcode, EqualSerializersCopy) {
  EXPECT_EQ(from_json(R"([ 1e0 , "\u0061"])", SerializerId::json), R"([ 1e0 , "\u0061"])");
  EXPECT_EQ(transcoded(SerializerId::cbor, from_hex("9fff"), SerializerId::cbor), from_hex("9fff"));
}

TEST(DecodeValue, RefusesWhatIsNotOneValue) {
  for (SerializerId serializer : kAllSerializers) {
    EXPECT_FALSE(decode_value(serializer, {}));
    std::string two = oracle_encode(serializer, 1) + oracle_encode(serializer, 2);
    if (serializer == SerializerId::json) two = "1 2";
    EXPECT_FALSE(decode_value(serializer, as_bytes(two)));
  }
  EXPECT_FALSE(decode_value(SerializerId::json, as_bytes("\"\xFF\"")));
}

}  // namespace
}  // namespace transom::wamp
