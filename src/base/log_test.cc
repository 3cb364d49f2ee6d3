#include "base/log.h"

#include <gtest/gtest.h>

namespace transom {
namespace {

TEST(LogSafe, NoClientCanForgeALine) {
  EXPECT_EQ(log_safe("a\r\n2026 info fake\x1b[31m\x7f"), "a\\x0d\\x0a2026 info fake\\x1b[31m\\x7f");
}

TEST(LogSafe, CutsWhatIsTooLong) { EXPECT_EQ(log_safe(std::string(300, 'x'), 4), "xxxx..."); }

}  // namespace
}  // namespace transom
