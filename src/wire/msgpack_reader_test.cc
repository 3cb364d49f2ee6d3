#include "wire/msgpack_reader.h"

#include <gtest/gtest.h>

#include <vector>

#include "wire/tokens_testing.h"

namespace transom::wire {
namespace {

std::string msgpack(std::string_view hex) { return tokens(Format::msgpack, from_hex(hex)); }

TEST(MsgpackReader, Integers) {
  EXPECT_EQ(msgpack("00"), "0");
  EXPECT_EQ(msgpack("7f"), "127");
  EXPECT_EQ(msgpack("e0"), "-32");
  EXPECT_EQ(msgpack("ff"), "-1");
  EXPECT_EQ(msgpack("ccff"), "255");
  EXPECT_EQ(msgpack("cc01"), "1");
  EXPECT_EQ(msgpack("cdffff"), "65535");
  EXPECT_EQ(msgpack("ceffffffff"), "4294967295");
  EXPECT_EQ(msgpack("cf7fffffffffffffff"), "9223372036854775807");
  EXPECT_EQ(msgpack("cf8000000000000000"), "9223372036854775808u");
  EXPECT_EQ(msgpack("d080"), "-128");
  EXPECT_EQ(msgpack("d18000"), "-32768");
  EXPECT_EQ(msgpack("d17fff"), "32767");
  EXPECT_EQ(msgpack("d280000000"), "-2147483648");
  EXPECT_EQ(msgpack("d38000000000000000"), "-9223372036854775808");
}

TEST(MsgpackReader, OtherScalars) {
  EXPECT_EQ(msgpack("c0"), "null");
  EXPECT_EQ(msgpack("c2"), "false");
  EXPECT_EQ(msgpack("c3"), "true");
  EXPECT_EQ(msgpack("ca3fc00000"), "1.5f");
  EXPECT_EQ(msgpack("cbbff8000000000000"), "-1.5f");
  EXPECT_EQ(msgpack("a0"), "''");
  EXPECT_EQ(msgpack("a3616263"), "'abc'");
  EXPECT_EQ(msgpack("d90161"), "'a'");
  EXPECT_EQ(msgpack("da000161"), "'a'");
  EXPECT_EQ(msgpack("db0000000161"), "'a'");
  EXPECT_EQ(msgpack("c40201ff"), "h01ff");
  EXPECT_EQ(msgpack("c5000101"), "h01");
  EXPECT_EQ(msgpack("c60000000101"), "h01");
}

TEST(MsgpackReader, ExtIsBinary) {
  EXPECT_EQ(msgpack("d405aa"), "haa");
  EXPECT_EQ(msgpack("d505aabb"), "haabb");
  EXPECT_EQ(msgpack("d6ff01020304"), "h01020304");
  EXPECT_EQ(msgpack("c70105aa"), "haa");
  EXPECT_EQ(msgpack("c8000105aa"), "haa");
  EXPECT_EQ(msgpack("c90000000105aa"), "haa");
  EXPECT_EQ(msgpack("c70005"), "h");
}

TEST(MsgpackReader, Containers) {
  EXPECT_EQ(msgpack("90"), "0[ ]");
  EXPECT_EQ(msgpack("80"), "0{ }");
  EXPECT_EQ(msgpack("9301 82 a16101 05c0 90"), "3[ 1 2{ 'a': 1 5: null } 0[ ] ]");
  EXPECT_EQ(msgpack("dc000101"), "1[ 1 ]");
  EXPECT_EQ(msgpack("dd0000000101"), "1[ 1 ]");
  EXPECT_EQ(msgpack("de0001a16101"), "1{ 'a': 1 }");
  EXPECT_EQ(msgpack("df00000001a16101"), "1{ 'a': 1 }");
  EXPECT_EQ(msgpack("81cfffffffffffffffff01"), "1{ 18446744073709551615u: 1 }");
}

TEST(MsgpackReader, Refuses) {
  for (const char* hex : {"", "c1", "91c1", "9101 01", "a2c328", "a1ff", "81c001", "81c201", "819001", "81c40161 01",
                          "81cb000000000000000001", "ddffffffff", "dfffffffff", "dbffffffff61", "c6ffffffff61", "9f",
                          "8f", "dcffff01", "c9ffffffff0101"}) {
    EXPECT_FALSE(is_whole(Format::msgpack, from_hex(hex))) << hex;
  }
}

TEST(MsgpackReader, Depth) {
  std::string deep = std::string(kMaxDepth - 1, '\x91') + "\x90";
  EXPECT_TRUE(is_whole(Format::msgpack, deep));
  EXPECT_FALSE(is_whole(Format::msgpack, "\x91" + deep));
  EXPECT_FALSE(is_whole(Format::msgpack, std::string(1000000, '\x91')));
}

TEST(MsgpackReader, Truncation) {
  expect_no_prefix(Format::msgpack,
                   from_hex("9f 01 cc01 cd0001 ce00000001 cf0000000000000001 d001 d10001 ca3fc00000 cbbff8000000000000 "
                            "a161 d90161 c40101 d405aa c70105aa 82 a161 91 c0 05 de0000"));
}

TEST(MsgpackReader, StringKeysWhereTheyAreAskedFor) {
  std::string nested = from_hex("81a16181 0102");  // {"a": {1: 2}}
  EXPECT_EQ(MsgpackReader(as_bytes(nested)).skip(0).kind, Kind::map);
  EXPECT_EQ(MsgpackReader(as_bytes(nested)).skip(1).kind, Kind::map);
  MsgpackReader strict(as_bytes(nested));
  EXPECT_EQ(strict.skip(2).kind, Kind::error);
  EXPECT_EQ(strict.error(), "not valid MessagePack at octet 5: a key must be a string");
}

}  // namespace
}  // namespace transom::wire
