#include <gtest/gtest.h>

#include "serve/fake_http.h"
#include "serve/site.h"

namespace transom::serve {
namespace {

/// example.com on 8443, *.example.com and 192.0.2.7 on 443.
struct TwoPorts final : HttpsHosts {
  std::optional<std::uint16_t> port_of(std::string_view host, std::string_view worker, bool known) const override {
    EXPECT_EQ(worker, "main");
    if (name_covers("example.com", host)) return 8443;
    if (name_covers("*.example.com", host) || name_covers("192.0.2.7", host)) return 443;
    if (name_covers("2001:db8::1", host) || known) return 443;
    return std::nullopt;
  }
};

class HttpsRedirectTest : public ::testing::Test {
 protected:
  HttpsRedirectTest() {
    config.worker_id = "main";
    config.https_redirect.emplace();
    context.https_hosts = &hosts;
  }
  std::string ask(const std::string& host, const std::string& target = "/", const std::string& fields = "",
                  const std::string& method = "GET") {
    const Site site(config, context);
    HttpClient client(site);
    client.connection->tls = false;
    return client.ask(method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + fields + "\r\n");
  }
  std::string location(const std::string& host, const std::string& target = "/") {
    const std::string response = ask(host, target);
    return status_of(response) == 308 ? field_of(response, "Location") : std::to_string(status_of(response));
  }

  TwoPorts hosts;
  TransportConfig config;
  SiteContext context;
};

TEST_F(HttpsRedirectTest, KeepsTheTargetAndNamesThePortWhereNeeded) {
  EXPECT_EQ(location("example.com", "/a%20b?x=1&y"), "https://example.com:8443/a%20b?x=1&y");
  EXPECT_EQ(location("www.example.com:8080", "/a"), "https://www.example.com/a");
  EXPECT_EQ(location("WWW.Example.COM."), "https://www.example.com/");
  EXPECT_EQ(location("192.0.2.7:80"), "https://192.0.2.7/");
  EXPECT_EQ(location("[2001:DB8:0::1]:80"), "https://[2001:DB8:0::1]/");
  EXPECT_EQ(location("www.example.com", "http://www.example.com/p?q"), "https://www.example.com/p?q");
}

TEST_F(HttpsRedirectTest, LeadsNowhereElse) {
  EXPECT_EQ(location("evil.example"), "421");
  EXPECT_EQ(location("a.b.example.com"), "421");
  EXPECT_EQ(location("evil.example/.example.com"), "400");
  EXPECT_EQ(location("user@www.example.com"), "400");
  EXPECT_EQ(location("www.example.com:80@evil.example"), "400");
  EXPECT_EQ(location("www.example.com:443evil"), "421");
  EXPECT_EQ(location("[::1"), "421");
  EXPECT_EQ(location(""), "421");
  config.https_redirect->hosts = {"other.example", "*.more.example"};
  EXPECT_EQ(location("other.example"), "https://other.example/");
  EXPECT_EQ(location("a.more.example"), "https://a.more.example/");
  EXPECT_EQ(location("more.example"), "421");
}

TEST_F(HttpsRedirectTest, EveryMethodAndUpgradesToo) {
  EXPECT_EQ(status_of(ask("example.com", "/ws", "Upgrade: websocket\r\nConnection: Upgrade\r\n")), 308);
  const std::string post = ask("example.com", "/form", "Content-Length: 1\r\n\r\nx", "POST");
  EXPECT_EQ(status_of(post), 308);
  EXPECT_EQ(field_of(post, "Strict-Transport-Security"), "");
  EXPECT_EQ(body_of(ask("example.com", "/", "", "HEAD")), "");
}

TEST_F(HttpsRedirectTest, ThePortThatClientsSeeMayBeAnother) {
  config.https_redirect->port = 443;
  EXPECT_EQ(location("example.com"), "https://example.com/");
  EXPECT_EQ(location("evil.example"), "421");
}

TEST_F(HttpsRedirectTest, CertificationAuthoritiesGetTheirAnswerInTheClear) {
  EXPECT_EQ(location("example.com", "/.well-known/acme-challenge/token"), "404");
  config.paths["/"].service = JsonConfig{};
  EXPECT_EQ(location("evil.example", "/.well-known/acme-challenge/token"), "404");  // of the JSON service: not its path
  EXPECT_EQ(location("example.com", "/.well-known/acme-challenge/%2e%2e/secret"), "400");
  EXPECT_EQ(location("example.com", "/.well-known/acme-challenge"),
            "https://example.com:8443/.well-known/acme-challenge");
  EXPECT_EQ(location("example.com", "/"), "https://example.com:8443/");
}

TEST(NameCovers, ExactWildcardAndAddress) {
  EXPECT_TRUE(name_covers("a.example", "a.example"));
  EXPECT_TRUE(name_covers("*.example", "a.example"));
  EXPECT_FALSE(name_covers("*.example", "b.a.example"));
  EXPECT_FALSE(name_covers("*.example", "example"));
  EXPECT_FALSE(name_covers("*.2.7", "192.0.2.7"));
  EXPECT_FALSE(name_covers("*.0.2.7", "192.0.2.7"));
  EXPECT_TRUE(name_covers("2001:db8::1", "2001:0db8:0::1"));
  EXPECT_FALSE(name_covers("*", "example"));
}

}  // namespace
}  // namespace transom::serve
