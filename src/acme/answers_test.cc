#include "acme/answers.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace transom::acme {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const json kDirectory = {{"newNonce", "https://ca/nonce"},
                         {"newAccount", "https://ca/account"},
                         {"newOrder", "https://ca/order"},
                         {"keyChange", "https://ca/key"},
                         {"meta", {{"termsOfService", "https://ca/terms"}, {"website", 7}}}};
const json kOrder = {
    {"status", "pending"},
    {"expires", "2026-01-01T00:00:00Z"},
    {"identifiers", {{{"type", "dns"}, {"value", "WWW.example.com"}}, {{"type", "dns"}, {"value", "example.com"}}}},
    {"authorizations", {"https://ca/a/1", "https://ca/a/2"}},
    {"finalize", "https://ca/f/1"}};
const json kAuthorization = {
    {"status", "pending"},
    {"identifier", {{"type", "dns"}, {"value", "example.com"}}},
    {"challenges",
     {{{"type", "dns-01"}, {"url", "https://ca/c/1"}, {"token", "AbC-_9"}},
      {{"type", "new-01"}, {"url", "https://ca/c/3"}},
      {{"type", "http-01"}, {"url", "https://ca/c/2"}, {"status", "pending"}, {"token", "AbC-_9"}}}}};

json with(json object, const char* member, json value) {
  object[member] = std::move(value);
  return object;
}

template <typename T>
std::string fault(const Result<T>& result) {
  return result ? "(none)" : result.error().message;
}

TEST(Directory, IsRead) {
  const auto directory = read_directory(kDirectory.dump(), false);
  ASSERT_TRUE(directory) << fault(directory);
  EXPECT_EQ(directory->new_order, "https://ca/order");
  EXPECT_EQ(directory->renewal_info, "");
  EXPECT_EQ(directory->terms, "https://ca/terms");
  EXPECT_FALSE(directory->external_account_required);
  EXPECT_EQ(read_directory(with(kDirectory, "renewalInfo", "https://ca/r").dump(), false)->renewal_info,
            "https://ca/r");
}

TEST(Directory, OfAnEnemyIsRefused) {
  const auto refused = [](const char* member, json value) {
    return fault(read_directory(with(kDirectory, member, std::move(value)).dump(), false));
  };
  EXPECT_THAT(refused("newOrder", nullptr), HasSubstr("\"newOrder\" is missing"));
  EXPECT_THAT(refused("newOrder", 7), HasSubstr("no text"));
  EXPECT_THAT(refused("newOrder", json::array({"https://ca/x"})), HasSubstr("no text"));
  EXPECT_THAT(refused("newOrder", "http://ca/order"), HasSubstr("no https URL"));
  EXPECT_THAT(refused("newOrder", "file:///etc/passwd"), HasSubstr("no https URL"));
  EXPECT_THAT(refused("newOrder", "https://user:secret@ca/order"), HasSubstr("no https URL"));
  EXPECT_THAT(refused("newOrder", "http://localhost/x"), HasSubstr("no https URL"));
  EXPECT_THAT(refused("newOrder", "https://ca/" + std::string(3000, 'x')), HasSubstr("too long"));
  EXPECT_THAT(refused("renewalInfo", "gopher://ca"), HasSubstr("no https URL"));
  EXPECT_THAT(refused("meta", 1), HasSubstr("no object"));
  EXPECT_THAT(refused("meta", {{"externalAccountRequired", "yes"}}), HasSubstr("neither true nor false"));
  for (const char* text : {"", "[]", "7", "{", "<html>", "{\"a\":1}{"})
    EXPECT_THAT(fault(read_directory(text, false)), Not("(none)"));
  EXPECT_THAT(fault(read_directory(std::string(kMaxAnswer + 1, ' '), false)), HasSubstr("too long"));
}

TEST(Urls, AreHttpsOrOfThisMachine) {
  EXPECT_TRUE(check_url("https://ca.example/directory", false));
  EXPECT_FALSE(check_url("http://127.0.0.1/", false));
  EXPECT_TRUE(check_url("http://127.0.0.1:14000/dir", true));
  EXPECT_TRUE(check_url("http://[::1]:14000/dir", true));
  EXPECT_FALSE(check_url("http://127.0.0.1.example.com/", true));
  EXPECT_FALSE(check_url("http://ca.example/", true));
  EXPECT_FALSE(check_url("wss://localhost/", true));
  EXPECT_FALSE(is_loopback_http("https://localhost/"));
}

TEST(Order, IsRead) {
  const auto order = read_order(kOrder.dump(), false);
  ASSERT_TRUE(order) << fault(order);
  EXPECT_EQ(order->status, OrderStatus::pending);
  EXPECT_THAT(order->names, ElementsAre("example.com", "www.example.com"));
  EXPECT_THAT(order->authorizations, ElementsAre("https://ca/a/1", "https://ca/a/2"));
  const auto failed = read_order(with(with(kOrder, "status", "invalid"), "error", {{"detail", "no"}}).dump(), false);
  EXPECT_EQ(failed->problem->text, "no");
}

TEST(Order, OfAnEnemyIsRefused) {
  const auto refused = [](const char* member, json value) {
    return fault(read_order(with(kOrder, member, std::move(value)).dump(), false));
  };
  EXPECT_THAT(refused("status", "valid"), HasSubstr("\"certificate\" is missing"));
  EXPECT_THAT(refused("status", "strange"), HasSubstr("not known"));
  EXPECT_THAT(refused("status", nullptr), HasSubstr("missing"));
  EXPECT_THAT(refused("authorizations", "https://ca/a"), HasSubstr("no list"));
  EXPECT_THAT(refused("authorizations", {{"a", "b"}}), HasSubstr("no list"));
  EXPECT_THAT(refused("authorizations", json::array({7})), HasSubstr("no URL"));
  EXPECT_THAT(refused("authorizations", std::vector<std::string>(101, "https://ca/a")), HasSubstr("too long"));
  EXPECT_THAT(refused("identifiers", {{{"type", "ip"}, {"value", "10.0.0.1"}}}), HasSubstr("nobody asked for"));
  EXPECT_THAT(refused("identifiers", json::array({"example.com"})), HasSubstr("no object"));
  EXPECT_THAT(refused("certificate", "http://ca/c"), HasSubstr("no https URL"));
}

TEST(Authorization, IsRead) {
  auto authorization = read_authorization(kAuthorization.dump(), false);
  ASSERT_TRUE(authorization) << fault(authorization);
  EXPECT_EQ(authorization->name, "example.com");
  EXPECT_EQ(authorization->challenge("http-01")->url, "https://ca/c/2");
  EXPECT_TRUE(authorization->challenge("http-01")->pending);
  EXPECT_FALSE(authorization->challenge("dns-01")->pending);
  EXPECT_EQ(authorization->challenge("tls-alpn-01"), nullptr);
  EXPECT_EQ(authorization->challenge("new-01"), nullptr) << "it has no token";
  EXPECT_FALSE(authorization->problem());
}

TEST(Authorization, OfAnEnemyIsRefused) {
  json wrong = kAuthorization;
  wrong["challenges"][0]["token"] = "../../etc/passwd";
  EXPECT_THAT(fault(read_authorization(wrong.dump(), false)), HasSubstr("letters"));
  wrong["challenges"][0]["token"] = std::string(257, 'a');
  EXPECT_THAT(fault(read_authorization(wrong.dump(), false)), HasSubstr("too long"));
  wrong["challenges"] = std::vector<json>(33, kAuthorization["challenges"][0]);
  EXPECT_THAT(fault(read_authorization(wrong.dump(), false)), HasSubstr("too long"));
  EXPECT_THAT(fault(read_authorization(with(kAuthorization, "identifier", 1).dump(), false)), HasSubstr("no object"));
}

TEST(Problem, IsTextForPeople) {
  const json problem = {{"type", "urn:ietf:params:acme:error:unauthorized"},
                        {"title", "Refused"},
                        {"detail", "line one\nline two\x1b[31m"},
                        {"subproblems", {{{"detail", "that one"}, {"identifier", {{"value", "a.example"}}}}, 7}}};
  const Problem read = read_problem(problem.dump(), 403);
  EXPECT_TRUE(read.is("unauthorized"));
  EXPECT_THAT(read.text, HasSubstr("Refused: line one\\x0aline two\\x1b[31m; a.example: that one"));
  EXPECT_THAT(read_problem("<html>gateway", 502).text, HasSubstr("502"));
  EXPECT_THAT(read_problem(R"({"type":7})", 500).text, HasSubstr("no reason"));
  const json long_one = {{"type", "x"}, {"detail", std::string(100'000, 'x')}};
  EXPECT_LT(read_problem(long_one.dump(), 400).text.size(), 700u);
}

TEST(RenewalWindow, IsRead) {
  const auto window = read_renewal_window(
      R"({"suggestedWindow":{"start":"2025-01-02T04:00:00Z","end":"2025-01-03T04:00:00Z"},"explanationURL":"https://ca/why"})");
  ASSERT_TRUE(window) << fault(window);
  EXPECT_EQ(window->begin, 1735790400);
  EXPECT_EQ(window->end, 1735790400 + 86'400);
  EXPECT_EQ(window->explanation, "https://ca/why");
  EXPECT_THAT(fault(read_renewal_window(
                  R"({"suggestedWindow":{"start":"2025-01-03T04:00:00Z","end":"2025-01-02T04:00:00Z"}})")),
              HasSubstr("ends before"));
  EXPECT_THAT(fault(read_renewal_window(R"({"suggestedWindow":{"start":"soon","end":"2025-01-02T04:00:00Z"}})")),
              HasSubstr("RFC 3339"));
  EXPECT_THAT(fault(read_renewal_window(R"({"suggestedWindow":7})")), HasSubstr("no object"));
  EXPECT_THAT(fault(read_renewal_window("{}")), HasSubstr("missing"));
}

TEST(Time, IsRfc3339) {
  EXPECT_EQ(*read_time("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(*read_time("2024-02-29T23:59:60Z"), 1709251200);
  EXPECT_EQ(*read_time("2025-01-02T04:00:00.123456789Z"), 1735790400);
  EXPECT_EQ(*read_time("2025-01-02T05:30:00+01:30"), 1735790400);
  EXPECT_EQ(*read_time("2025-01-02T02:00:00-02:00"), 1735790400);
  for (const char* text : {"", "2025-01-02", "2025-13-02T04:00:00Z", "2025-02-29T04:00:00Z", "2025-01-02T24:00:00Z",
                           "2025-01-02T04:00:00", "2025-01-02T04:00:00+1:00", "2025-01-02T04:00:00Zx",
                           "2025-01-02T04:00:00.", "1025-01-02T04:00:00Z", "2025-01-02T04:00:0-Z0"}) {
    EXPECT_FALSE(read_time(text)) << text;
  }
}

}  // namespace
}  // namespace transom::acme
