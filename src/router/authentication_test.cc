#include "router/authentication.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace transom::router {
namespace {

using nlohmann::json;

AuthConfig ticket_config() {
  AuthConfig config;
  config.ticket = {{"joe", {"secret1", "user"}}, {"nobody", {"", "user"}}};
  return config;
}

struct AuthenticationTest : ::testing::Test {
  SeededRandom random{1};
  AuthConfig config = ticket_config();
  AuthOutcome answer(const std::string& authid, const std::string& ticket) {
    Authentication authentication(&config, random);
    const auto outcome = authentication.hello("realm1", {{"authmethods", {"ticket"}}, {"authid", authid}});
    EXPECT_TRUE(std::holds_alternative<Challenge>(outcome));
    return authentication.authenticate(ticket);
  }
};

TEST_F(AuthenticationTest, WithoutAuthEverybodyIsAnonymous) {
  Authentication authentication(nullptr, random);
  const auto principal = std::get<Principal>(authentication.hello("realm1", json::object()));
  EXPECT_EQ(principal.realm, "realm1");
  EXPECT_EQ(principal.authrole, "anonymous");
  EXPECT_EQ(principal.authmethod, "anonymous");
  EXPECT_EQ(principal.authprovider, "static");
  EXPECT_EQ(principal.authid.size(), 29U);
  EXPECT_NE(principal.authid, std::get<Principal>(authentication.hello("realm1", json::object())).authid);
}

TEST_F(AuthenticationTest, AnonymousTakesRealmRoleAndAuthidOfTheConfig) {
  config.anonymous = AnonymousAuth{"other", "guest", "visitor"};
  Authentication authentication(&config, random);
  const auto principal = std::get<Principal>(authentication.hello("realm1", json::object()));
  EXPECT_EQ(principal.realm, "other");
  EXPECT_EQ(principal.authrole, "guest");
  EXPECT_EQ(principal.authid, "visitor");
}

TEST_F(AuthenticationTest, TheRightTicketGivesThePrincipal) {
  const auto principal = std::get<Principal>(answer("joe", "secret1"));
  EXPECT_EQ(principal.realm, "realm1");
  EXPECT_EQ(principal.authid, "joe");
  EXPECT_EQ(principal.authrole, "user");
  EXPECT_EQ(principal.authmethod, "ticket");
}

TEST_F(AuthenticationTest, WrongUnknownAndEmptyAreTheSameRefusal) {
  const auto wrong = std::get<Refusal>(answer("joe", "secret2"));
  EXPECT_EQ(wrong.uri, "wamp.error.not_authorized");
  const std::pair<const char*, const char*> attempts[] = {{"unknown", "secret1"}, {"", ""},    {"unknown", ""},
                                                          {"nobody", ""},         {"joe", ""}, {"joe", "secret1 "}};
  for (const auto& [authid, ticket] : attempts) {
    const auto refusal = std::get<Refusal>(answer(authid, ticket));
    EXPECT_EQ(refusal.uri, wrong.uri);
    EXPECT_EQ(refusal.message, wrong.message);
  }
}

TEST_F(AuthenticationTest, TheClientsOrderDecides) {
  config.anonymous = AnonymousAuth{};
  const json order[] = {{"ticket", "anonymous"}, {"anonymous", "ticket"}, {"unknown", "ticket"}};
  const bool challenged[] = {true, false, true};
  for (std::size_t i = 0; i < std::size(order); ++i) {
    Authentication authentication(&config, random);
    const auto outcome = authentication.hello("realm1", {{"authmethods", order[i]}, {"authid", "joe"}});
    EXPECT_EQ(std::holds_alternative<Challenge>(outcome), challenged[i]) << order[i];
  }
}

TEST_F(AuthenticationTest, NoCommonMethodIsRefused) {
  for (const json& details : {json::object(), json{{"authmethods", {"wampcra"}}}, json{{"authmethods", json::array()}},
                              json{{"authmethods", "ticket"}}}) {
    Authentication authentication(&config, random);
    const auto refusal = std::get<Refusal>(authentication.hello("realm1", details));
    EXPECT_EQ(refusal.uri, "wamp.error.no_matching_auth_method") << details;
  }
}

TEST_F(AuthenticationTest, AnEmptyAuthLetsNobodyIn) {
  config = {};
  Authentication authentication(&config, random);
  EXPECT_TRUE(std::holds_alternative<Refusal>(authentication.hello("realm1", {{"authmethods", {"anonymous"}}})));
}

struct TlsAuthenticationTest : AuthenticationTest {
  using By = TlsPrincipal::By;
  ClientCertificate certificate;
  TlsAuthenticationTest() {
    certificate.subject = "CN=joe,O=Example";
    certificate.sha256 = "AA:BB";
    certificate.sha1 = "CC:DD";
    certificate.dns_names = {"Joe.Example.net"};
    certificate.emails = {"joe@example.net"};
    certificate.ip_addresses = {"192.0.2.7"};
    certificate.uris = {"urn:joe"};
    config = {};
    config.tls = {{"joe", {By::sha256, "AA:BB", "user"}}, {"zoe", {By::sha256, "EE:FF", "admin"}}};
  }
  AuthOutcome hello(const json& more = json::object(), bool with_certificate = true) {
    json details = {{"authmethods", {"tls"}}};
    details.update(more);
    return Authentication(&config, random).hello("realm1", details, with_certificate ? &certificate : nullptr);
  }
  bool matches(By by, const char* value) {
    config.tls = {{"joe", {by, value, "user"}}};
    return std::holds_alternative<Principal>(hello());
  }
};

TEST_F(TlsAuthenticationTest, ACertificateNamesItsPrincipal) {
  for (const json& details : {json::object(), json{{"authid", "joe"}}}) {
    const auto principal = std::get<Principal>(hello(details));
    EXPECT_EQ(principal.authid, "joe");
    EXPECT_EQ(principal.authrole, "user");
    EXPECT_EQ(principal.authmethod, "tls");
    EXPECT_EQ(principal.authprovider, "static");
    EXPECT_EQ(principal.realm, "realm1");
  }
}

TEST_F(TlsAuthenticationTest, AnotherPrincipalsAuthidIsRefused) {
  for (const char* authid : {"zoe", "unknown"}) {
    const auto refusal = std::get<Refusal>(hello({{"authid", authid}}));
    EXPECT_EQ(refusal.uri, "wamp.error.not_authorized");
    EXPECT_EQ(refusal.message, "authentication failed") << "nobody learns which authids there are";
    EXPECT_NE(refusal.for_log.find("AA:BB"), std::string::npos);
  }
}

TEST_F(TlsAuthenticationTest, WithoutACertificateNobodyGetsIn) {
  const auto refusal = std::get<Refusal>(hello({{"authid", "joe"}}, false));
  EXPECT_NE(refusal.message.find("client certificate"), std::string::npos);
}

TEST_F(TlsAuthenticationTest, EachWayToKnowACertificate) {
  EXPECT_TRUE(matches(By::sha1, "CC:DD"));
  EXPECT_FALSE(matches(By::sha1, "AA:BB"));
  EXPECT_FALSE(matches(By::sha256, "CC:DD"));
  EXPECT_TRUE(matches(By::subject, "CN=joe,O=Example"));
  EXPECT_FALSE(matches(By::subject, "CN=joe"));
  EXPECT_TRUE(matches(By::san, "DNS:joe.example.NET"));
  EXPECT_TRUE(matches(By::san, "email:joe@example.net"));
  EXPECT_TRUE(matches(By::san, "URI:urn:joe"));
  EXPECT_TRUE(matches(By::san, "IP:192.0.2.7"));
  for (const char* name : {"DNS:example.net", "DNS:joe@example.net", "email:Joe@example.net", "URI:urn:JOE",
                           "joe@example.net", "", "DNS", "IP:192.0.2.77"}) {
    EXPECT_FALSE(matches(By::san, name)) << name;
  }
}

}  // namespace
}  // namespace transom::router
