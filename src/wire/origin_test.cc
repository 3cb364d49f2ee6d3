#include "wire/origin.h"

#include <gtest/gtest.h>

namespace transom::wire {
namespace {

bool allowed(std::string_view origin, std::string pattern) { return origin_allowed(origin, {std::move(pattern)}); }

TEST(Origin, DefaultPortsOnBothSides) {
  EXPECT_TRUE(allowed("https://app.example.com", "https://app.example.com"));
  EXPECT_TRUE(allowed("https://app.example.com", "https://app.example.com:443"));
  EXPECT_TRUE(allowed("https://app.example.com:443", "https://app.example.com"));
  EXPECT_TRUE(allowed("http://app.example.com", "http://app.example.com:80"));
  EXPECT_FALSE(allowed("https://app.example.com:8443", "https://app.example.com"));
  EXPECT_FALSE(allowed("http://app.example.com:443", "http://app.example.com"));
  EXPECT_FALSE(allowed("http://app.example.com", "https://app.example.com"));
  EXPECT_TRUE(allowed("HTTPS://App.Example.com", "https://aPP.example.com"));
}

TEST(Origin, Globs) {
  EXPECT_TRUE(allowed("https://a.b.example.com", "https://*.example.com"));
  EXPECT_FALSE(allowed("https://example.com", "https://*.example.com"));
  EXPECT_FALSE(allowed("https://a.example.com.evil.org", "https://*.example.com"));
  EXPECT_TRUE(allowed("http://localhost:8080", "http://localhost:*"));
  EXPECT_TRUE(allowed("http://localhost", "http://localhost:*"));
  EXPECT_TRUE(allowed("https://x.org", "*://x.org"));
  EXPECT_TRUE(allowed("https://x1.org", "https://x?.org"));
  EXPECT_FALSE(allowed("https://x.org", "https://x?.org"));
  EXPECT_TRUE(allowed("https://x.org", "*"));
  EXPECT_TRUE(allowed("null", "*"));
  EXPECT_TRUE(allowed("null", "null"));
  EXPECT_FALSE(allowed("null", "https://*"));
  EXPECT_FALSE(origin_allowed("https://x.org", {}));
  EXPECT_TRUE(origin_allowed("https://x.org", {"https://y.org", "https://x.org"}));
  EXPECT_TRUE(allowed("http://[::1]:80", "http://[::1]"));
}

TEST(Origin, WhatIsNoOriginMatchesNoPattern) {
  for (const char* origin :
       {"", "x.org", "https://", "https://x.org/", "https://x.org/.example.com", "https://u@x.example.com",
        "https://x.example.com:80:80", "https://evil.org?.example.com", "https://x.org:99999",
        "https://x.org:", "https://x org", "://x.org", "https://[::1", "https://evil.org#.example.com"}) {
    EXPECT_FALSE(allowed(origin, "*://*")) << origin;
    EXPECT_FALSE(allowed(origin, "https://*.example.com")) << origin;
  }
}

TEST(Origin, ManyStarsTakeNoTime) {
  std::string pattern, origin = "https://" + std::string(400, 'a');
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(allowed(origin, pattern + "*b"));
  EXPECT_FALSE(allowed("https://" + std::string(100000, 'a'), "https://*"));
}

TEST(Origin, Loopback) {
  for (const char* origin :
       {"http://localhost", "https://localhost:8443", "http://LOCALHOST:1", "http://app.localhost:3000",
        "http://127.0.0.1", "https://127.255.3.4:9", "http://[::1]", "http://[::1]:8080"}) {
    EXPECT_TRUE(is_loopback_origin(origin)) << origin;
  }
  for (const char* origin :
       {"null", "", "http://localhost.evil.org", "http://evillocalhost", "http://.localhost.org",
        "http://127.0.0.1.evil.org", "http://127.0.0", "http://127.0.0.256", "http://127.0.0.01", "http://128.0.0.1",
        "http://127.0.0.1.1", "http://[::2]", "ftp://localhost", "http://localhost/", "http://localhost:x",
        "http://x@localhost", "localhost", "http://1270.0.1", "file://localhost"}) {
    EXPECT_FALSE(is_loopback_origin(origin)) << origin;
  }
}

TEST(Origin, LoopbackHost) {
  for (const char* host :
       {"localhost", "localhost:8443", "LocalHost:1", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:443"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
  for (const char* host :
       {"", "evil.org", "localhost.evil.org", "127.0.0.2", "::1", "[::1", "[::1]x", "localhost:", "localhost:1:2",
        "localhost:x", "localhost:70000", "a.localhost", "localhost ", "x@localhost"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

}  // namespace
}  // namespace transom::wire
