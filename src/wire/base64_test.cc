#include "wire/base64.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "base/random.h"

namespace transom::wire {
namespace {

TEST(Base64, VectorsOfRfc4648) {
  const std::vector<std::pair<std::string, std::string>> vectors = {{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    EXPECT_EQ(base64_encode(as_bytes(plain)), coded);
    EXPECT_EQ(base64_decode(coded), plain);
  }
}

TEST(Base64, VectorOfWamp) {
  const std::uint8_t octets[] = {0x10, 0xe3, 0xff, 0x90, 0x53, 0x07, 0x5c, 0x52,
                                 0x6f, 0x5f, 0xc0, 0x6d, 0x4f, 0xe3, 0x7c, 0xdb};
  EXPECT_EQ(base64_encode(octets), "EOP/kFMHXFJvX8BtT+N82w==");
  EXPECT_EQ(base64_decode("EOP/kFMHXFJvX8BtT+N82w=="), as_text(octets));
}

TEST(Base64, RefusesWhatIsNotStrict) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "Z===", "====", "=", "Zm9v=", "Zm=v", "Z=9v", "Zm9v\n", "Zm-v",
                           "Zm_v", "Zh==", "Zm9=", "Zg==Zg==", " Zg=", "Zm9\xFF"}) {
    EXPECT_EQ(base64_decode(text), std::nullopt) << text;
  }
}

TEST(Base64, RoundTrip) {
  SeededRandom random(1);
  for (std::size_t size = 0; size < 200; ++size) {
    std::vector<std::uint8_t> octets(size);
    random.fill(octets);
    auto back = base64_decode(base64_encode(octets));
    ASSERT_TRUE(back);
    EXPECT_EQ(as_text(octets), *back);
  }
}

}  // namespace
}  // namespace transom::wire
