#include "wire/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"

namespace transom::wire {
namespace {

// The verdict of the stream for `text` cut into the two pieces at `cut`; it must be the same for every cut.
bool stream_says(std::string_view text, std::size_t cut) {
  Utf8Stream stream;
  return stream.feed(as_bytes(text.substr(0, cut))) && stream.feed(as_bytes(text.substr(cut))) && stream.complete();
}

void expect_verdict(std::string_view text, bool valid) {
  EXPECT_EQ(is_utf8(as_bytes(text)), valid) << testing::PrintToString(text);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) EXPECT_EQ(stream_says(text, cut), valid) << cut;
  Utf8Stream stream;
  bool alive = true;
  for (char c : text) alive = alive && stream.feed(as_bytes({&c, 1}));
  EXPECT_EQ(alive && stream.complete(), valid);
}

TEST(Utf8, Valid) {
  for (const char* text : {"", "a", "κόσμε", "\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF",
                           "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "x\xF0\x9F\x98\x80y"}) {
    expect_verdict(text, true);
  }
}

TEST(Utf8, Invalid) {
  for (const char* text : {"\x80",
                           "\xBF",
                           "\xC0\x80",
                           "\xC1\xBF",
                           "\xC2",
                           "\xC2x",
                           "\xE0\x80\x80",
                           "\xE0\x9F\xBF",
                           "\xED\xA0\x80",
                           "\xED\xBF\xBF",
                           "\xE2\x82",
                           "\xE2(\xA1",
                           "\xF0\x80\x80\x80",
                           "\xF0\x8F\xBF\xBF",
                           "\xF4\x90\x80\x80",
                           "\xF5\x80\x80\x80",
                           "\xFF",
                           "\xF0\x9F\x98",
                           "\xF0\x9Fx",
                           "a\xCE"}) {
    expect_verdict(text, false);
  }
}

TEST(Utf8, FailsAsSoonAsNoContinuationHelps) {
  for (const char* text : {"\xE0\x9F", "\xED\xA0", "\xF0\x8F", "\xF4\x90", "\xF5", "\xC0", "\xE2\x28"}) {
    Utf8Stream whole;
    EXPECT_FALSE(whole.feed(as_bytes(text))) << testing::PrintToString(text);
    Utf8Stream pieces;
    bool alive = true;
    for (const char* c = text; *c != '\0'; ++c) alive = alive && pieces.feed(as_bytes({c, 1}));
    EXPECT_FALSE(alive) << testing::PrintToString(text);
  }
}

TEST(Utf8, ResetForgetsAnOpenSequence) {
  Utf8Stream stream;
  EXPECT_TRUE(stream.feed(as_bytes("\xE2\x82")));
  EXPECT_FALSE(stream.complete());
  stream.reset();
  EXPECT_TRUE(stream.feed(as_bytes("a")));
  EXPECT_TRUE(stream.complete());
}

TEST(Utf8, AgreesWithWholeBufferOnRandomOctets) {
  SeededRandom random(7);
  const std::uint8_t likely[] = {'a', 0x80, 0xBF, 0xC2, 0xE0, 0xA0, 0xED, 0x9F, 0xF0, 0x90, 0xF4, 0x8F};
  for (int round = 0; round < 20000; ++round) {
    std::uint64_t bits = random.next_u64();
    std::string text;
    for (std::size_t i = 0; i < 1 + bits % 6; ++i) {
      text.push_back(static_cast<char>(likely[(bits >> (8 + 8 * i)) % sizeof likely]));
    }
    bool valid = is_utf8(as_bytes(text));
    for (std::size_t cut = 0; cut <= text.size(); ++cut) ASSERT_EQ(stream_says(text, cut), valid);
  }
}

}  // namespace
}  // namespace transom::wire
