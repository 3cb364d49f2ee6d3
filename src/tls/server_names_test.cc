#include "tls/server_names.h"

#include <gtest/gtest.h>

namespace transom::tls {
namespace {

TEST(ServerNames, HaveOneForm) {
  EXPECT_EQ(canonical_server_name("WWW.Example.COM."), "www.example.com");
  EXPECT_EQ(canonical_server_name("localhost"), "localhost");
  EXPECT_EQ(canonical_server_name("*.example.com"), "*.example.com");
  EXPECT_EQ(canonical_server_name("xn--bcher-kva.example"), "xn--bcher-kva.example");
  EXPECT_EQ(canonical_server_name("a_b.example"), "a_b.example");
  EXPECT_EQ(canonical_server_name("1.example"), "1.example");
}

TEST(ServerNames, WhatIsNone) {
  const std::string label(63, 'a');
  EXPECT_TRUE(canonical_server_name(label + ".com"));
  for (const std::string& wrong : {std::string(""), std::string("."), std::string("a..b"), std::string(".a"),
                                   std::string("10.0.0.1"), std::string("::1"), std::string("*"), std::string("a.*.b"),
                                   std::string("*.*.b"), std::string("a*.b"), std::string("-a.b"), std::string("a-.b"),
                                   std::string("b\xc3\xbc"
                                               "cher.de"),
                                   std::string("a b"), std::string("a\0b", 3), label + "a.com",
                                   label + "." + label + "." + label + "." + label + ".com"}) {
    EXPECT_FALSE(canonical_server_name(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace transom::tls
