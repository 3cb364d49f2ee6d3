#include "wire/url.h"

#include <gtest/gtest.h>

namespace transom::wire {
namespace {

TEST(Url, RequestTargets) {
  const auto path = [](std::string_view target) {
    const auto result = parse_request_target(target);
    return result ? result->path + "|" + result->query : "error: " + result.error().message;
  };
  EXPECT_EQ(path("/"), "/|");
  EXPECT_EQ(path("/a/b"), "/a/b|");
  EXPECT_EQ(path("/a/b/"), "/a/b/|");
  EXPECT_EQ(path("/a?b=c/../d?e"), "/a|b=c/../d?e");
  EXPECT_EQ(path("/?"), "/|");
  EXPECT_EQ(path("/a%20b+c%2B"), "/a b+c+|");
  EXPECT_EQ(path("/gr%C3%BC%c3%9fe"),
            "/gr\xc3\xbc\xc3\x9f"
            "e|");
  EXPECT_EQ(path("/%2541"), "/%41|");  // decoded once
  EXPECT_EQ(path("/a..b/..c/d../..."), "/a..b/..c/d../...|");
  EXPECT_EQ(path("/.well-known/x"), "/.well-known/x|");
  EXPECT_EQ(path("http://host:80/a?b"), "/a|b");
  EXPECT_EQ(path("HTTPS://host"), "/|");
  EXPECT_EQ(path("http://host?q"), "/|q");
  EXPECT_EQ(path("http://[::1]:8080/x"), "/x|");
}

TEST(Url, TraversalAndOtherTricks) {
  for (const char* target : {"/../",
                             "/..",
                             "/a/../b",
                             "/%2e%2e/",
                             "/.%2e/",
                             "/%2E./x",
                             "/..%2f",
                             "/a%2fb",
                             "/a%2F..%2fb",
                             "/%00",
                             "/a%00.html",
                             "//",
                             "//evil.example/x",
                             "/a//b",
                             "/a/./b",
                             "/.",
                             "/%2e",
                             "/a/%2e/",
                             "/%c0%ae%c0%ae/",
                             "/%c0%af",
                             "/%e0%80%af",
                             "/\\",
                             "/a\\b",
                             "/..\\..\\x",
                             "/%5c",
                             "/..%5c",
                             "/%",
                             "/%4",
                             "/%zz",
                             "/%%41",
                             "/%u002e",
                             "/%ff",
                             "/%ed%a0%80",
                             "/a b",
                             "/a\tb",
                             "/a\nb",
                             "/%0d%0aX",
                             "/%7f",
                             "/\xc3\xbc",
                             "/a#b",
                             "",
                             "*",
                             "a",
                             "?",
                             "host:80",
                             "http:///x",
                             "http://",
                             "http://u@h/x",
                             "ftp://h/x",
                             "file:///etc/passwd",
                             "http://h/../x",
                             "http://h/%2e%2e/x",
                             "http://h//x",
                             "http://h:0/",
                             "http://h:70000/",
                             "http://h:/",
                             "http://[::1/x"}) {
    const auto result = parse_request_target(target);
    EXPECT_FALSE(result) << target << " -> " << (result ? result->path : "");
  }
  EXPECT_FALSE(parse_request_target(std::string_view("/a\0b", 4)));
}

TEST(Url, PercentDecode) {
  EXPECT_EQ(percent_decode("a%41%2f%00b"), std::string("aA/\0b", 5));
  EXPECT_EQ(percent_decode(""), "");
  for (const char* text : {"%", "%4", "%4g", "%g4", "a%"}) EXPECT_FALSE(percent_decode(text)) << text;
}

TEST(Url, EncodeAndDecodeAreInverse) {
  std::string all = "/";
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  const std::string encoded = percent_encode_path(all);
  EXPECT_EQ(percent_decode(encoded), all);
  for (char c : encoded) EXPECT_TRUE(c > 0x20 && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '?' && c != '#');
  EXPECT_EQ(percent_encode_path("/a b/\xc3\xbc"), "/a%20b/%C3%BC");
}

TEST(Url, HtmlEscape) { EXPECT_EQ(html_escape("<a href='x'>\"&\""), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;"); }

TEST(Url, Urls) {
  const auto show = [](std::string_view text) {
    const auto url = parse_url(text);
    return url ? url->scheme + " " + url->host + " " + std::to_string(url->port) + " " + url->path : "error";
  };
  EXPECT_EQ(show("wss://Example.COM/ws"), "wss example.com 443 /ws");
  EXPECT_EQ(show("WS://localhost:8080"), "ws localhost 8080 /");
  EXPECT_EQ(show("http://127.0.0.1?x=y"), "http 127.0.0.1 80 /?x=y");
  EXPECT_EQ(show("https://[2001:DB8::1]:8443/a/b?c"), "https 2001:db8::1 8443 /a/b?c");
  for (const char* text : {"", "localhost", "ftp://x", "ws://", "ws:///x", "ws://u:p@x", "ws://x:0", "ws://x:65536",
                           "ws://x:", "ws://x:8a", "ws://x/#f", "ws://x y", "ws://[::1", "ws://[x]", "ws://[::1]8",
                           "ws://\xc3\xbc", "ws://x\n", "ws:/x", "://x"}) {
    EXPECT_EQ(show(text), "error") << text;
  }
}

}  // namespace
}  // namespace transom::wire
