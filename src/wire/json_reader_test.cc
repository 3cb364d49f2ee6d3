#include "wire/json_reader.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "wire/tokens_testing.h"

namespace transom::wire {
namespace {

std::string json(std::string_view text) { return tokens(Format::json, text); }

TEST(JsonReader, Scalars) {
  EXPECT_EQ(json("null"), "null");
  EXPECT_EQ(json(" true "), "true");
  EXPECT_EQ(json("\t\r\nfalse\n"), "false");
  EXPECT_EQ(json("0"), "0");
  EXPECT_EQ(json("-0"), "0");
  EXPECT_EQ(json("-17"), "-17");
  EXPECT_EQ(json("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(json("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(json("9223372036854775808"), "9223372036854775808u");
  EXPECT_EQ(json("18446744073709551615"), "18446744073709551615u");
  EXPECT_EQ(json("\"\""), "''");
}

TEST(JsonReader, NumbersThatAreFloats) {
  EXPECT_EQ(json("1.0"), "1f");
  EXPECT_EQ(json("1e2"), "100f");
  EXPECT_EQ(json("-1.5E-1"), "-0.15f");
  EXPECT_EQ(json("18446744073709551616"), "1.8446744073709552e+19f");
  EXPECT_EQ(json("-9223372036854775809"), "-9.223372036854776e+18f");
  EXPECT_EQ(json("340282366920938463463374607431768211455"), "3.402823669209385e+38f");
  EXPECT_EQ(json("1e400"), "inff");
  EXPECT_EQ(json("-1e400"), "-inff");
  EXPECT_EQ(json("1e-400"), "0f");
  EXPECT_EQ(json("0e99999999999999999999"), "0f");
  EXPECT_EQ(json("0.0001e99999999999999999999"), "inff");
  EXPECT_EQ(json("1000e-99999999999999999999"), "0f");
  EXPECT_EQ(json("1" + std::string(400, '0')), "inff");
  EXPECT_EQ(json("0." + std::string(400, '0') + "1"), "0f");
  EXPECT_EQ(json("1" + std::string(400, '0') + "e-400"), "1f");
}

TEST(JsonReader, Containers) {
  EXPECT_EQ(json("[]"), "[ ]");
  EXPECT_EQ(json("{ }"), "{ }");
  EXPECT_EQ(json("[1,[2,{}],{\"a\":[] , \"b\" : {\"c\":null}}]"), "[ 1 [ 2 { } ] { 'a': [ ] 'b': { 'c': null } } ]");
}

TEST(JsonReader, Escapes) {
  EXPECT_EQ(json(R"("\"\\\/\b\f\n\r\t")"), "'\"\\/\b\f\n\r\t'");
  EXPECT_EQ(json(R"("\u0041\u00e9\u20AC\uD83D\uDE00")"), "'A\xC3\xA9€\xF0\x9F\x98\x80'");
  EXPECT_EQ(json(R"("a\uD83D")"), "'a\uFFFD'");
  EXPECT_EQ(json(R"("\uDE00b")"), "'\uFFFDb'");
  EXPECT_EQ(json(R"("\uD83D\u0041")"), "'\uFFFDA'");
  EXPECT_EQ(json(R"("\uD83D\uD83D\uDE00")"), "'\uFFFD\xF0\x9F\x98\x80'");
  EXPECT_EQ(json(R"({"\u0061":1})"), "{ 'a': 1 }");
}

TEST(JsonReader, RefusesWhatRfc8259Refuses) {
  const std::vector<std::string> bad = {"",
                                        " ",
                                        "nul",
                                        "nulll",
                                        "True",
                                        "NaN",
                                        "Infinity",
                                        "-",
                                        "-a",
                                        "+1",
                                        "01",
                                        "-01",
                                        "1.",
                                        ".5",
                                        "1.e1",
                                        "1e",
                                        "1e+",
                                        "0x1",
                                        "1 2",
                                        "[",
                                        "]",
                                        "[1",
                                        "[1,",
                                        "[1,]",
                                        "[,1]",
                                        "[1 2]",
                                        "[1}",
                                        "{",
                                        "}",
                                        "{]",
                                        "{\"a\"}",
                                        "{\"a\":}",
                                        "{\"a\":1,}",
                                        "{\"a\" 1}",
                                        "{a:1}",
                                        "{1:2}",
                                        "{null:1}",
                                        "{,}",
                                        "{\"a\":1 \"b\":2}",
                                        "{\"a\":1]",
                                        "{\"a\":1:2}",
                                        "[\"a\":1]",
                                        "\"",
                                        "\"a",
                                        "\"\\\"",
                                        "\"\\x41\"",
                                        "\"\\u12\"",
                                        "\"\\u12g4\"",
                                        "\"\\U0041\"",
                                        "\"\\",
                                        "\"a\nb\"",
                                        "\"\t\"",
                                        std::string("\"\0\"", 3),
                                        "\"\x1f\"",
                                        "'a'",
                                        "[1]]",
                                        "{}{}",
                                        "/**/1",
                                        "[1,,2]",
                                        "\xEF\xBB\xBF[]",
                                        "[]\v",
                                        "\xC2\xA0[]",
                                        "[tru",
                                        "[nul,",
                                        "t",
                                        "[\"a]"};
  for (const std::string& text : bad) EXPECT_FALSE(is_whole(Format::json, text)) << text;
}

TEST(JsonReader, LongStringsHideNothing) {
  for (std::size_t size = 0; size < 70; ++size) {
    std::string body(size, 'x');
    EXPECT_TRUE(is_whole(Format::json, "\"" + body + "\""));
    for (std::size_t at = 0; at < size; ++at) {
      std::string bad = body, good = body;
      bad[at] = '\x1F';
      EXPECT_FALSE(is_whole(Format::json, "\"" + bad + "\""));
      bad[at] = '"';
      EXPECT_FALSE(is_whole(Format::json, "\"" + bad + "\""));
      good[at] = '\x7F';
      EXPECT_TRUE(is_whole(Format::json, "\"" + good + "\""));
      good.replace(at, 1, "\\n");
      EXPECT_TRUE(is_whole(Format::json, "\"" + good + "\""));
    }
  }
}

TEST(JsonReader, Depth) {
  std::string deep = std::string(kMaxDepth, '[') + std::string(kMaxDepth, ']');
  EXPECT_TRUE(is_whole(Format::json, deep));
  EXPECT_FALSE(is_whole(Format::json, "[" + deep + "]"));
  EXPECT_FALSE(is_whole(Format::json, std::string(1000000, '[')));
  std::string maps;
  for (int i = 0; i < kMaxDepth; ++i) maps += i % 2 == 0 ? "{\"a\":" : "[";
  std::string ends;
  for (int i = 0; i < kMaxDepth; ++i) ends += i % 2 == 0 ? "]" : "}";
  EXPECT_TRUE(is_whole(Format::json, maps + "1" + ends));
  ends[10] = ends[10] == ']' ? '}' : ']';
  EXPECT_FALSE(is_whole(Format::json, maps + "1" + ends));
}

TEST(JsonReader, Truncation) {
  expect_no_prefix(Format::json, R"([1,"a\u0041\n",{"k":[true,false,null],"l":-1.5e3},[],{}])");
}

TEST(JsonReader, SkipGivesTheSlice) {
  std::string_view text = R"([ {"a" : [1]} , "x\n",-1.5 , true, [ ] ])";
  JsonReader reader(as_bytes(text));
  EXPECT_EQ(reader.next().kind, Kind::array);
  std::vector<std::string> slices;
  for (RawValue raw = reader.skip(); raw.kind != Kind::array_end; raw = reader.skip()) {
    ASSERT_NE(raw.kind, Kind::error) << reader.error();
    slices.emplace_back(as_text(raw.octets));
  }
  EXPECT_EQ(slices, (std::vector<std::string>{R"({"a" : [1]})", R"("x\n")", "-1.5", "true", "[ ]"}));
  EXPECT_TRUE(reader.at_end());
}

TEST(JsonReader, ErrorsSayWhere) {
  JsonReader reader(as_bytes("[1 2]"));
  reader.next();
  reader.next();
  EXPECT_EQ(reader.next().kind, Kind::error);
  EXPECT_EQ(reader.error(), "not valid JSON at octet 3: a comma or the end of the list or dict is needed");
}

}  // namespace
}  // namespace transom::wire
