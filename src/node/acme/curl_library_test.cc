#include "node/acme/curl_library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <thread>

namespace transom::node {
namespace {

using testing::HasSubstr;

TEST(CurlLibrary, SaysWhatToInstallWhereItIsMissing) {
  const auto loaded = load_curl_library("libcurl-of-no-machine.so.4");
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("libcurl-of-no-machine.so.4"));
  EXPECT_THAT(loaded.error().message, HasSubstr("apt install libcurl4"));
}

TEST(CurlLibrary, TakesNoLibraryThatLacksAFunction) {
  const auto loaded = load_curl_library("libc.so.6");
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("libc.so.6 has no function curl_version_info"));
}

TEST(CurlLibrary, IsTheSameForAllWhoAskAtOnce) {
  std::mutex mutex;
  std::set<const CurlLibrary*> seen;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        const auto curl = curl_library();
        const std::lock_guard lock(mutex);
        seen.insert(curl ? *curl : nullptr);
      });
    }
  }
  ASSERT_EQ(seen.size(), 1U);
  ASSERT_NE(*seen.begin(), nullptr);
  const CurlLibrary& curl = **seen.begin();
  CURL* const handle = curl.easy_init();
  EXPECT_EQ(curl.easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "https"), CURLE_OK);
  curl.easy_cleanup(handle);
}

}  // namespace
}  // namespace transom::node
