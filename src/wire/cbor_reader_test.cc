#include "wire/cbor_reader.h"

#include <gtest/gtest.h>

#include <vector>

#include "wire/tokens_testing.h"

namespace transom::wire {
namespace {

std::string cbor(std::string_view hex) { return tokens(Format::cbor, from_hex(hex)); }

// RFC 8949 appendix A, but for what has no place in WAMP.
TEST(CborReader, Integers) {
  EXPECT_EQ(cbor("00"), "0");
  EXPECT_EQ(cbor("17"), "23");
  EXPECT_EQ(cbor("1818"), "24");
  EXPECT_EQ(cbor("1903e8"), "1000");
  EXPECT_EQ(cbor("1a000f4240"), "1000000");
  EXPECT_EQ(cbor("1b000000e8d4a51000"), "1000000000000");
  EXPECT_EQ(cbor("1bffffffffffffffff"), "18446744073709551615u");
  EXPECT_EQ(cbor("20"), "-1");
  EXPECT_EQ(cbor("3863"), "-100");
  EXPECT_EQ(cbor("3903e7"), "-1000");
  EXPECT_EQ(cbor("3b7fffffffffffffff"), "-9223372036854775808");
  EXPECT_EQ(cbor("3bffffffffffffffff"), "-1.8446744073709552e+19f");
  EXPECT_EQ(cbor("1800"), "0") << "not the shortest form, but well-formed";
}

TEST(CborReader, Floats) {
  EXPECT_EQ(cbor("f90000"), "0f");
  EXPECT_EQ(cbor("f98000"), "-0f");
  EXPECT_EQ(cbor("f93c00"), "1f");
  EXPECT_EQ(cbor("f97bff"), "65504f");
  EXPECT_EQ(cbor("f90001"), "5.960464477539063e-08f");
  EXPECT_EQ(cbor("f90400"), "6.103515625e-05f");
  EXPECT_EQ(cbor("f9c400"), "-4f");
  EXPECT_EQ(cbor("f97c00"), "inff");
  EXPECT_EQ(cbor("f9fc00"), "-inff");
  EXPECT_EQ(cbor("f97e00"), "nanf");
  EXPECT_EQ(cbor("fa47c35000"), "100000f");
  EXPECT_EQ(cbor("fb3ff199999999999a"), "1.1f");
  EXPECT_EQ(cbor("fb41f0000000000000"), "4294967296f");
}

TEST(CborReader, OtherScalars) {
  EXPECT_EQ(cbor("f4"), "false");
  EXPECT_EQ(cbor("f5"), "true");
  EXPECT_EQ(cbor("f6"), "null");
  EXPECT_EQ(cbor("f7"), "null");
  EXPECT_EQ(cbor("40"), "h");
  EXPECT_EQ(cbor("4401020304"), "h01020304");
  EXPECT_EQ(cbor("60"), "''");
  EXPECT_EQ(cbor("62c3bc"), "'ü'");
}

TEST(CborReader, Containers) {
  EXPECT_EQ(cbor("80"), "0[ ]");
  EXPECT_EQ(cbor("8301820203820405"), "3[ 1 2[ 2 3 ] 2[ 4 5 ] ]");
  EXPECT_EQ(cbor("a26161016162820203"), "2{ 'a': 1 'b': 2[ 2 3 ] }");
  EXPECT_EQ(cbor("a201022003"), "2{ 1: 2 -1: 3 }");
  EXPECT_EQ(cbor("b90001616101"), "1{ 'a': 1 }");
}

TEST(CborReader, IndefiniteLengths) {
  EXPECT_EQ(cbor("5f42010243030405ff"), "h0102030405");
  EXPECT_EQ(cbor("7f657374726561646d696e67ff"), "'streaming'");
  EXPECT_EQ(cbor("7fff"), "''");
  EXPECT_EQ(cbor("9fff"), "[ ]");
  EXPECT_EQ(cbor("9f018202039f0405ffff"), "[ 1 2[ 2 3 ] [ 4 5 ] ]");
  EXPECT_EQ(cbor("bf61610161629f0203ffff"), "{ 'a': 1 'b': [ 2 3 ] }");
  EXPECT_EQ(cbor("bf7f6161ff01ff"), "{ 'a': 1 }");
  EXPECT_EQ(cbor("bfff"), "{ }");
}

TEST(CborReader, Tags) {
  EXPECT_EQ(cbor("c11a514b67b0"), "1363896240");
  EXPECT_EQ(cbor("d840420102"), "h0102");
  EXPECT_EQ(cbor("d9d9f78101"), "1[ 1 ]");
  EXPECT_EQ(cbor("c074323031332d30332d32315432303a30343a30305a"), "'2013-03-21T20:04:00Z'");
  EXPECT_EQ(cbor("c249010000000000000000"), "1.8446744073709552e+19f");
  EXPECT_EQ(cbor("c349010000000000000000"), "-1.8446744073709552e+19f");
  EXPECT_EQ(cbor("c250ffffffffffffffffffffffffffffffff"), "3.402823669209385e+38f");
  EXPECT_EQ(cbor("c240"), "0");
  EXPECT_EQ(cbor("c340"), "-1");
  EXPECT_EQ(cbor("c24a0000ffffffffffffffff"), "18446744073709551615u");
  EXPECT_EQ(cbor("c2420100"), "256");
  EXPECT_EQ(cbor("c3420100"), "-257");
  EXPECT_EQ(cbor("c25f41014100ff"), "256");
  EXPECT_EQ(cbor("c1c1c101"), "1");
  EXPECT_EQ(cbor("c26161"), "'a'") << "a tag that does not fit is passed over";
}

TEST(CborReader, BignumsAreRoundedOnce) {
  EXPECT_EQ(cbor("c249 010000000000000800"), cbor("fb43f0000000000000")) << "a tie goes to even";
  EXPECT_EQ(cbor("c249 010000000000000801"), cbor("fb43f0000000000001")) << "a little more than a tie goes up";
  EXPECT_EQ(cbor("c24a 01000000000000080001"), cbor("fb4470000000000001"))
      << "and so does a little more than a tie in the octets behind the first eight";
  EXPECT_EQ(cbor("c24a 01000000000000080000"), cbor("fb4470000000000000"));
  std::string huge = "c25901ff" + std::string(1022, 'f');
  EXPECT_EQ(cbor(huge), "inff");
}

TEST(CborReader, Refuses) {
  for (const char* hex : {"",
                          "1c",
                          "1d",
                          "1e",
                          "1f",
                          "3f",
                          "df",
                          "ff",
                          "fc",
                          "f8ff",
                          "f814",
                          "e0",
                          "f0",
                          "81ff",
                          "8201",
                          "9f",
                          "9f01",
                          "bf01ff",
                          "bf6161ff",
                          "a1f401",
                          "a1f93c0001",
                          "a1806101",
                          "a141610101",
                          "7f4161ff",
                          "5f6161ff",
                          "7f7f6161ffff",
                          "7f61ffff",
                          "61ff",
                          "62c328",
                          "7f61c361bcff",
                          "9bffffffffffffffff",
                          "bbffffffffffffffff",
                          "bb8000000000000000",
                          "9b8000000000000001",
                          "5bffffffffffffffff",
                          "7bffffffffffffffff",
                          "c1",
                          "c1ff",
                          "0101",
                          "a1c2410101ff",
                          "ffff",
                          "9fffff",
                          "5f5bffffffffffffffffff"}) {
    EXPECT_FALSE(is_whole(Format::cbor, from_hex(hex))) << hex;
  }
}

TEST(CborReader, Depth) {
  std::string deep = std::string(kMaxDepth - 1, '\x81') + "\x80";
  EXPECT_TRUE(is_whole(Format::cbor, deep));
  EXPECT_FALSE(is_whole(Format::cbor, "\x81" + deep));
  EXPECT_FALSE(is_whole(Format::cbor, std::string(1000000, '\x81')));
  EXPECT_FALSE(is_whole(Format::cbor, std::string(1000000, '\x9f')));
  EXPECT_FALSE(is_whole(Format::cbor, std::string(1000000, '\xc1')));
  EXPECT_TRUE(is_whole(Format::cbor, std::string(1000, '\xc1') + "\x01"));
}

TEST(CborReader, Truncation) {
  expect_no_prefix(Format::cbor, from_hex("8f 01 1818 1903e8 1a000f4240 1b000000e8d4a51000 3863 f97bff fa47c35000 "
                                          "fb3ff199999999999a 42 0102 62c3bc 5f42010243030405ff d840420102 "
                                          "bf61610161629f0203ffff a16161f6"));
}

}  // namespace
}  // namespace transom::wire
