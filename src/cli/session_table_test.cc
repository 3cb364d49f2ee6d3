#include "cli/session_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace transom::cli {
namespace {

using nlohmann::json;

json session(int id, const char* authid, json transport) {
  return {
      {"session", id}, {"realm", "r1"}, {"authid", authid}, {"authrole", "user"}, {"transport", std::move(transport)}};
}

TEST(SessionTable, ARowForEachSession) {
  const json answer = {
      {"total", 2},
      {"sessions",
       {session(7, "joe", {{"peer", "tcp4:127.0.0.1:1"}}), session(4711, "j",
                                                                   {{"peer", "unix"},
                                                                    {"tls",
                                                                     {{"version", "TLSv1.3"},
                                                                      {"cipher", "TLS_AES_128_GCM_SHA256"},
                                                                      {"group", "X25519"},
                                                                      {"server_name", "localhost"},
                                                                      {"resumed", true}}},
                                                                    {"peer_cert", {{"subject", "CN=j"}}}})}}};
  EXPECT_EQ(session_table(answer),
            "SESSION  REALM  AUTHID  ROLE  PEER              TLS\n"
            "7        r1     joe     user  tcp4:127.0.0.1:1  -\n"
            "4711     r1     j       user  unix              TLSv1.3 TLS_AES_128_GCM_SHA256 X25519 resumed "
            "sni=localhost, CN=j\n"
            "2 sessions\n");
}

TEST(SessionTable, SaysWhenThereAreMore) {
  EXPECT_EQ(session_table({{"total", 0}, {"sessions", json::array()}}), "0 sessions\n");
  const json answer = {{"total", 5000}, {"sessions", {session(7, "joe", {{"peer", "unix"}})}}};
  EXPECT_NE(session_table(answer).find("1 of 5000 sessions"), std::string::npos);
}

TEST(SessionTable, ForeignTextCannotForgeRows) {
  const json answer = {{"total", 1}, {"sessions", {session(7, "a\n8  r1\x1b[31m", {{"peer", "unix"}})}}};
  const std::string text = session_table(answer);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
}

}  // namespace
}  // namespace transom::cli
