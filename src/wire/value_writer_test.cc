#include "wire/value_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "wire/tokens_testing.h"

namespace transom::wire {
namespace {

template <typename Write>
std::string written(Format format, Write write) {
  Buffer out;
  ValueWriter writer(format, out);
  write(writer);
  return std::string(out.text());
}

template <typename Write>
void expect_all(Write write, std::string_view json, std::string_view msgpack, std::string_view cbor) {
  EXPECT_EQ(written(Format::json, write), json);
  EXPECT_EQ(written(Format::msgpack, write), from_hex(msgpack)) << json;
  EXPECT_EQ(written(Format::cbor, write), from_hex(cbor)) << json;
}

void expect_integer(std::int64_t value, std::string_view msgpack, std::string_view cbor) {
  expect_all([&](ValueWriter& w) { w.integer(value); }, std::to_string(value), msgpack, cbor);
}

TEST(ValueWriter, IntegersAreShort) {
  expect_integer(0, "00", "00");
  expect_integer(23, "17", "17");
  expect_integer(24, "18", "1818");
  expect_integer(127, "7f", "187f");
  expect_integer(128, "cc80", "1880");
  expect_integer(256, "cd0100", "190100");
  expect_integer(65536, "ce00010000", "1a00010000");
  expect_integer(1LL << 32, "cf0000000100000000", "1b0000000100000000");
  expect_integer(-1, "ff", "20");
  expect_integer(-32, "e0", "381f");
  expect_integer(-33, "d0df", "3820");
  expect_integer(-128, "d080", "387f");
  expect_integer(-129, "d1ff7f", "3880");
  expect_integer(-32769, "d2ffff7fff", "398000");
  expect_integer(std::numeric_limits<std::int64_t>::min(), "d38000000000000000", "3b7fffffffffffffff");
  expect_all([](ValueWriter& w) { w.unsigned_integer(~std::uint64_t{0}); }, "18446744073709551615",
             "cfffffffffffffffff", "1bffffffffffffffff");
}

TEST(ValueWriter, FloatsStayFloats) {
  auto json = [](double value) { return written(Format::json, [&](ValueWriter& w) { w.floating(value); }); };
  EXPECT_EQ(json(1), "1.0");
  EXPECT_EQ(json(-0.0), "-0.0");
  EXPECT_EQ(json(0.1), "0.1");
  EXPECT_EQ(json(1e22), "1e+22");
  EXPECT_EQ(json(9007199254740993.0), "9007199254740992.0");
  EXPECT_EQ(json(5e-324), "5e-324");
  EXPECT_EQ(json(NAN), "null");
  EXPECT_EQ(json(-HUGE_VAL), "null");
  expect_all([](ValueWriter& w) { w.floating(1.5); }, "1.5", "cb3ff8000000000000", "fb3ff8000000000000");
}

TEST(ValueWriter, TextIsEscapedInJson) {
  expect_all([](ValueWriter& w) { w.text("a\"\\\b\f\n\r\t\x01\x1F\x7Fü"); },
             R"("a\"\\\b\f\n\r\t\u0001\u001f)"
             "\x7Fü\"",
             "ad61225c08 0c0a0d09 011f7f c3bc", "6d61225c080c0a0d09011f7fc3bc");
}

TEST(ValueWriter, Binary) {
  expect_all([](ValueWriter& w) { w.binary(as_bytes(std::string_view("\x01\xFF", 2))); }, "\"\\u0000Af8=\"", "c40201ff",
             "4201ff");
  expect_all([](ValueWriter& w) { w.binary({}); }, "\"\\u0000\"", "c400", "40");
}

TEST(ValueWriter, ContainersAndSeparators) {
  auto write = [](ValueWriter& w) {
    w.begin_array(5);
    w.null();
    w.begin_map(3);
    w.key("a");
    w.begin_array(0);
    w.end_array();
    w.integer_key(-5);
    w.boolean(true);
    w.unsigned_key(7);
    w.boolean(false);
    w.end_map();
    w.begin_map(0);
    w.end_map();
    w.text("x");
    w.integer(1);
    w.end_array();
  };
  expect_all(write, R"([null,{"a":[],"-5":true,"7":false},{},"x",1])", "95c083a16190fbc307c280a17801",
             "85f6a361618024f507f4a0617801");
}

TEST(ValueWriter, WideCounts) {
  auto start = [](Format format, std::uint64_t count) {
    return written(format, [&](ValueWriter& w) { w.begin_array(count); }) +
           written(format, [&](ValueWriter& w) { w.begin_map(count); });
  };
  EXPECT_EQ(start(Format::msgpack, 15), from_hex("9f8f"));
  EXPECT_EQ(start(Format::msgpack, 16), from_hex("dc0010de0010"));
  EXPECT_EQ(start(Format::msgpack, 65536), from_hex("dd00010000df00010000"));
  EXPECT_EQ(start(Format::cbor, 24), from_hex("9818b818"));
  auto text = [](Format format, std::size_t size) {
    return written(format, [&](ValueWriter& w) { w.text(std::string(size, 'x')); });
  };
  for (std::size_t size : {31U, 32U, 255U, 256U, 65535U, 65536U}) {
    for (Format format : {Format::json, Format::msgpack, Format::cbor}) {
      EXPECT_EQ(tokens(format, text(format, size)), "'" + std::string(size, 'x') + "'");
    }
  }
  EXPECT_EQ(text(Format::msgpack, 255).size(), 257U);
  EXPECT_EQ(text(Format::msgpack, 256).size(), 259U);
  EXPECT_EQ(text(Format::msgpack, 65536).size(), 65541U);
}

}  // namespace
}  // namespace transom::wire
