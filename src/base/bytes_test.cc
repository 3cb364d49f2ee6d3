#include "base/bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace transom {
namespace {

TEST(Buffer, KeepsContentWhileItGrowsAndIsConsumed) {
  Buffer buffer;
  std::string expected;
  for (int round = 0; round < 2000; ++round) {
    const std::string piece(static_cast<std::size_t>(round % 37), static_cast<char>('a' + round % 26));
    buffer.append(piece);
    expected += piece;
    const std::size_t drop = expected.size() / 3;
    buffer.consume(drop);
    expected.erase(0, drop);
    ASSERT_EQ(buffer.text(), expected);
  }
}

TEST(Buffer, ReleaseFreesTheMemory) {
  Buffer buffer;
  buffer.append("some octets");
  buffer.release();
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.capacity(), 0u);
  buffer.append("again");
  EXPECT_EQ(buffer.text(), "again");
}

}  // namespace
}  // namespace transom
