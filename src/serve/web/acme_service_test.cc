#include "serve/web/acme_service.h"

#include <gtest/gtest.h>

#include "serve/fake_http.h"
#include "serve/site.h"

namespace transom::serve {
namespace {

class AcmeServiceTest : public ::testing::Test {
 protected:
  AcmeServiceTest() {
    challenges->put_http("token_-1", "token_-1.thumbprint");
    context.acme_challenges = challenges;
    config.paths["/"].service = JsonConfig{};
  }
  std::string ask(const std::string& path, const std::string& method = "GET", const std::string& fields = "") {
    const Site site(config, context);
    HttpClient client(site);
    client.connection->tls = config.endpoint.tls.has_value();
    return client.ask(method + " " + path + " HTTP/1.1\r\nHost: a.example\r\n" + fields + "\r\n");
  }
  const std::string target = "/.well-known/acme-challenge/token_-1";
  std::shared_ptr<tls::AcmeChallenges> challenges = std::make_shared<tls::AcmeChallenges>();
  TransportConfig config;
  SiteContext context;
};

TEST_F(AcmeServiceTest, AnswersWhatIsUnderWay) {
  const std::string response = ask(target, "GET", "Origin: https://elsewhere.example\r\n");
  EXPECT_EQ(status_of(response), 200);
  EXPECT_EQ(body_of(response), "token_-1.thumbprint");
  EXPECT_EQ(field_of(response, "Content-Type"), "application/octet-stream");
  const std::string head = ask(target, "HEAD");
  EXPECT_EQ(status_of(head), 200);
  EXPECT_EQ(field_of(head, "Content-Length"), "19");
  EXPECT_EQ(body_of(head), "");
  EXPECT_EQ(status_of(ask(target, "POST")), 405);
  EXPECT_EQ(body_of(ask("http://a.example" + target)), "token_-1.thumbprint");
}

TEST_F(AcmeServiceTest, AllElseIsAnsweredAsEver) {
  for (const std::string other : {"x", "token_-1/", "token_-1/x", "", "TOKEN_-1", "%2e%2e/token_-1"}) {
    const std::string response = ask("/.well-known/acme-challenge/" + other);
    EXPECT_NE(status_of(response), 200) << other;
    EXPECT_EQ(response.find("thumbprint"), response.npos) << other;
  }
  EXPECT_EQ(status_of(ask("/")), 200);
  challenges->remove_http("token_-1");
  EXPECT_EQ(status_of(ask(target)), 404);
}

TEST_F(AcmeServiceTest, RedirectsAndWebSocketTransportsAnswerToo) {
  struct NoHosts final : HttpsHosts {
    std::optional<std::uint16_t> port_of(std::string_view, std::string_view, bool) const override { return 443; }
  };
  const NoHosts hosts;
  context.https_hosts = &hosts;
  config.https_redirect.emplace();
  EXPECT_EQ(status_of(ask(target)), 200);
  EXPECT_EQ(status_of(ask("/")), 308);
  EXPECT_EQ(status_of(ask("/.well-known/acme-challenge/other")), 404);
  config = {};
  config.websocket.emplace();
  EXPECT_EQ(body_of(ask(target)), "token_-1.thumbprint");
}

TEST_F(AcmeServiceTest, NotOverTls) {
  config.endpoint.tls.emplace();
  EXPECT_EQ(status_of(ask(target)), 404);
}

}  // namespace
}  // namespace transom::serve
