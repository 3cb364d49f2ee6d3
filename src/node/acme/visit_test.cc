#include "node/acme/visit.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "node/acme/schedule.h"
#include "node/acme/testing.h"
#include "node/files/test_directory.h"

namespace transom::node {
namespace {

using test::FakeCa;
using testing::HasSubstr;
using State = AcmeStanding::State;

constexpr std::int64_t kStart = 1'800'000'000, kDay = 86'400;

class AcmeVisits : public testing::Test {
 protected:
  AcmeVisits() {
    subject.config.domains = {"example.com", "www.example.com"};
    subject.config.directory_url = "https://ca.test/dir";
    subject.config.state_directory = directory.path() + "/acme";
    subject.challenges = {"tls-alpn-01", "http-01"};
    use_config();
  }

  void use_config() { subject.files = acme_files(subject.config); }

  AcmeReport visit(const AcmeOccasion& occasion = {}) {
    const AcmeWorld world = ca.world();
    ca.requests.clear();
    return visit_acme(subject, {ca.answers, world, random, ca.cancelled}, occasion);
  }

  std::string chain() { return read_if_present(subject.files.chain)->value_or(""); }

  /// The next request for `path` comes to nothing.
  void fail_once(const std::string& path, AcmeAnswer answer) {
    ca.fault = [this, path, answer](const AcmeRequest& request, const std::string&) -> std::optional<AcmeAnswer> {
      if (request.url != "https://ca.test" + path) return std::nullopt;
      const AcmeAnswer given = answer;
      ca.fault = nullptr;  // which ends this lambda's own captures
      return given;
    };
  }
  void break_always(const std::string& path, AcmeAnswer answer) {
    ca.fault = [path, answer](const AcmeRequest& request, const std::string&) -> std::optional<AcmeAnswer> {
      return request.url == "https://ca.test" + path ? std::optional(answer) : std::nullopt;
    };
  }

  TestDirectory directory;
  FakeCa ca{kStart};
  SeededRandom random{1};
  AcmeSubject subject;
};

TEST_F(AcmeVisits, GetTheFirstCertificateAndRenewItAfterTwoThirds) {
  const AcmeReport first = visit();
  EXPECT_TRUE(first.replaced) << first.standing.last_error;
  EXPECT_EQ(first.standing.state, State::valid);
  const std::string before = chain();
  EXPECT_THAT(before, HasSubstr("BEGIN CERTIFICATE"));
  EXPECT_EQ(before, chain());
  EXPECT_GE(first.next_look, kStart - 60 + 60 * kDay);
  EXPECT_LT(first.next_look, kStart + 62 * kDay);

  EXPECT_FALSE(visit().replaced);
  EXPECT_EQ(ca.count("/order"), 0);
  ca.now = first.next_look;
  EXPECT_TRUE(visit().replaced);
  EXPECT_NE(chain(), before);
  EXPECT_EQ(ca.accounts, 1);
  EXPECT_EQ(ca.count("/account"), 0) << "the account is on disk";
  EXPECT_FALSE(read_if_present(subject.files.pending_key)->has_value());
}

TEST_F(AcmeVisits, KeepKeysToThemselves) {
  visit();
  struct stat status {};
  for (const std::string& file : {subject.files.key, subject.files.account_key}) {
    ASSERT_EQ(stat(file.c_str(), &status), 0) << file;
    EXPECT_EQ(status.st_mode & 0777, 0600u);
  }
  stat(subject.config.state_directory.c_str(), &status);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(AcmeVisits, TakeANewNonceWhereOneIsRefused) {
  fail_once("/order", FakeCa::problem("badNonce", "stale"));
  EXPECT_TRUE(visit().replaced);
  break_always("/order", FakeCa::problem("badNonce", "stale"));
  const auto report = visit({{}, false});
  EXPECT_FALSE(report.replaced);
}

TEST_F(AcmeVisits, GiveUpOnAServerThatTakesNoNonce) {
  break_always("/order", FakeCa::problem("badNonce", "stale"));
  const auto report = visit();
  EXPECT_THAT(report.standing.last_error, HasSubstr("badNonce"));
  EXPECT_LE(ca.count("/order"), 30);
}

TEST_F(AcmeVisits, MakeANewAccountWhereTheOldOneIsForgotten) {
  const auto first = visit();
  ca.accounts = 7;  // so the URL on disk is no account
  ca.now = first.next_look;
  EXPECT_TRUE(visit().replaced);
  EXPECT_EQ(ca.count("/account"), 1);
  EXPECT_EQ(ca.accounts, 7) << "the same key: the server finds it";
}

TEST_F(AcmeVisits, SayWhatFailedAndTryTheOtherChallengeLater) {
  ca.types = {"http-01"};
  subject.challenges = {"tls-alpn-01"};
  auto report = visit();
  EXPECT_THAT(report.standing.last_error, HasSubstr("none of the challenges it offers for example.com can be used"));
  EXPECT_THAT(report.standing.last_error, HasSubstr("http-01"));
  EXPECT_EQ(report.standing.state, State::missing);
  EXPECT_EQ(report.standing.failures, 1u);

  EXPECT_EQ(visit().standing.failures, 1u);
  EXPECT_TRUE(ca.requests.empty()) << "nothing before the pause is over";
  EXPECT_NEAR(static_cast<double>(report.next_look - ca.now), 60, 7);
  ca.now = report.next_look;
  report = visit();
  EXPECT_EQ(report.standing.failures, 2u);
  EXPECT_NEAR(static_cast<double>(report.next_look - ca.now), 120, 13);
}

TEST_F(AcmeVisits, SayWhatAFailedCheckMeans) {
  subject.challenges = {"http-01"};
  ca.fault = [this](const AcmeRequest& request, const std::string&) -> std::optional<AcmeAnswer> {
    if (request.url.starts_with("https://ca.test/challenge")) ca.answers.remove_http("token-11");
    return std::nullopt;
  };
  const auto report = visit();
  EXPECT_THAT(report.standing.last_error, HasSubstr("its check of example.com by http-01 failed: \"wrong answer\""));
  EXPECT_THAT(report.standing.last_error, HasSubstr("port 80 of example.com is this node"));
  EXPECT_EQ(ca.answers.http("token-15"), std::nullopt) << "what was put there is taken back";
}

TEST_F(AcmeVisits, KeepTheOldOneWhileTheNewOneFails) {
  const auto first = visit();
  const std::string before = chain();
  ca.now = first.next_look;
  break_always("/dir", AcmeAnswer{});
  const auto report = visit();
  EXPECT_EQ(report.standing.state, State::failing);
  EXPECT_THAT(report.standing.last_error, HasSubstr("connection refused"));
  EXPECT_EQ(report.standing.not_after, kStart - 60 + 90 * kDay);
  EXPECT_EQ(chain(), before);
  ca.fault = nullptr;
  EXPECT_TRUE(visit({{}, true}).replaced) << "asked by a person, it does not wait";
}

TEST_F(AcmeVisits, ObeyTheServersLimits) {
  AcmeAnswer limited = FakeCa::problem("rateLimited", "too many certificates", 429);
  break_always("/order", limited);
  auto report = visit();
  EXPECT_EQ(report.next_look, ca.now + 3600);
  EXPECT_THAT(report.standing.last_error, HasSubstr("limit of the authority"));
  visit({{}, true});
  EXPECT_EQ(ca.count("/order"), 0) << "not even a person overrules it";
  ca.now = report.next_look;
  limited.retry_after_s = 100'000;
  break_always("/order", limited);
  report = visit();
  EXPECT_EQ(report.next_look, ca.now + 100'000);
}

TEST_F(AcmeVisits, RefuseACertificateThatWillNotDo) {
  ca.issues_for = {{"example.com"}};
  auto report = visit();
  EXPECT_FALSE(report.replaced);
  EXPECT_THAT(report.standing.last_error, HasSubstr("is not for www.example.com"));
  ca.issues_for.reset();
  ca.lifetime_s = 30;
  report = visit({{}, true});
  EXPECT_THAT(report.standing.last_error, HasSubstr("expired"));
  EXPECT_EQ(chain(), "");
}

TEST_F(AcmeVisits, GoOnWithAnOrderThatWasCutOff) {
  // The power goes when the certificate is about to be fetched.
  break_always("/certificate", AcmeAnswer{});
  visit();
  EXPECT_EQ(ca.certificates, 1);
  ca.fault = nullptr;
  const auto report = visit({{}, true});
  EXPECT_TRUE(report.replaced) << report.standing.last_error;
  EXPECT_EQ(ca.orders, 1);
  EXPECT_EQ(ca.certificates, 1) << "the same one";
}

TEST_F(AcmeVisits, BeginAnewWhereTheServerLookedWhileNobodyAnswered) {
  subject.challenges = {"http-01"};
  ca.fault = [](const AcmeRequest& request, const std::string&) -> std::optional<AcmeAnswer> {
    return request.url.starts_with("https://ca.test/authz") ? std::optional(AcmeAnswer{}) : std::nullopt;
  };
  visit();
  int looks = 0;
  ca.fault = [this, &looks](const AcmeRequest& request, const std::string&) -> std::optional<AcmeAnswer> {
    if (request.url.starts_with("https://ca.test/challenge") && ++looks == 1) ca.answers.remove_http("token-11");
    return std::nullopt;
  };
  const auto report = visit({{}, true});
  EXPECT_TRUE(report.replaced) << report.standing.last_error;
  EXPECT_EQ(ca.orders, 2);
}

TEST_F(AcmeVisits, BeginAnewWhereTheServerForgotTheOrder) {
  break_always("/certificate", AcmeAnswer{});
  visit();
  ca.fault = nullptr;
  ca.orders = 5;
  EXPECT_TRUE(visit({{}, true}).replaced);
  EXPECT_EQ(ca.orders, 6);
}

TEST_F(AcmeVisits, DoNotHammerTheServerInALoopOfCrashes) {
  ca.fault = [](const AcmeRequest& request, const std::string&) -> std::optional<AcmeAnswer> {
    if (request.url == "https://ca.test/order") throw std::runtime_error("the process dies");
    return std::nullopt;
  };
  for (int i = 0; i < 10; ++i) {
    try {
      visit();
    } catch (const std::runtime_error&) {
    }
  }
  EXPECT_EQ(load_acme_state(subject.files).begun, 3u);
  ca.fault = nullptr;
  EXPECT_EQ(visit().standing.state, State::missing);
  ca.now += 67;
  EXPECT_TRUE(visit().replaced);
}

TEST_F(AcmeVisits, LeaveNothingToWaitForWhenTheNodeEnds) {
  ca.fault = [this](const AcmeRequest& request, const std::string&) -> std::optional<AcmeAnswer> {
    if (request.url == "https://ca.test/certificate") {
      *ca.cancelled = true;
      return AcmeAnswer{};
    }
    return std::nullopt;
  };
  visit();
  *ca.cancelled = false;
  ca.fault = nullptr;
  EXPECT_EQ(load_acme_state(subject.files).failures, 0u);
  EXPECT_TRUE(visit().replaced);
  EXPECT_EQ(ca.orders, 1);
}

TEST_F(AcmeVisits, OrderAtOnceForOtherNamesAndForARevokedOne) {
  visit();
  const auto info = tls::certificate_info(chain());
  EXPECT_TRUE(visit({{info->sha256_fingerprint}, false}).replaced);
  subject.config.domains.push_back("new.example.com");
  use_config();
  EXPECT_TRUE(visit().replaced);
  EXPECT_EQ(ca.accounts, 1);
}

TEST_F(AcmeVisits, RenewWhenTheServerSays) {
  ca.offers_renewal_info = true;
  visit();
  ca.window = {{"suggestedWindow", {{"start", "2027-01-20T00:00:00Z"}, {"end", "2027-01-20T06:00:00Z"}}}};
  ca.now += 10;
  const auto report = visit();
  EXPECT_EQ(ca.count("/renewal/"), 1);
  EXPECT_GE(report.standing.next_order, 1'800'403'200);
  EXPECT_LT(report.standing.next_order, 1'800'403'200 + 6 * 3600);
  EXPECT_EQ(report.next_look, ca.now + 6 * 3600) << "it is asked again";
  visit();
  EXPECT_TRUE(ca.requests.empty());
  ca.now = report.standing.next_order;
  EXPECT_TRUE(visit().replaced);
  EXPECT_THAT(ca.replaces, HasSubstr("."));
}

TEST_F(AcmeVisits, AreNotLedAstrayByASuggestedWindow) {
  ca.offers_renewal_info = true;
  visit();
  ca.window = {{"suggestedWindow", {{"start", "2099-01-20T00:00:00Z"}, {"end", "2099-01-20T06:00:00Z"}}}};
  ca.now += 10;
  EXPECT_EQ(visit().standing.next_order, kStart - 60 + 81 * kDay) << "nine tenths of its life";
  ca.window = {{"suggestedWindow", {{"start", "2000-01-20T00:00:00Z"}, {"end", "2000-01-20T06:00:00Z"}}}};
  ca.now += 7 * 3600;
  EXPECT_TRUE(visit().replaced);
  ca.now += 30;
  EXPECT_FALSE(visit().replaced) << "not twice in an hour";
}

TEST_F(AcmeVisits, OrderOneMoreTimeWhereTheServerDislikesReplaces) {
  const auto first = visit();
  ca.now = first.next_look;
  ca.fault = [](const AcmeRequest&, const std::string& payload) -> std::optional<AcmeAnswer> {
    if (payload.find("replaces") == std::string::npos) return std::nullopt;
    return FakeCa::problem("alreadyReplaced", "no", 409);
  };
  EXPECT_TRUE(visit().replaced);
}

TEST_F(AcmeVisits, RefuseADirectoryThatIsNone) {
  AcmeAnswer page{200, "<html>", "", "", -1};
  break_always("/dir", page);
  EXPECT_THAT(visit().standing.last_error, HasSubstr("is it the URL of an ACME directory?"));
}

TEST_F(AcmeVisits, DescribeThemselves) {
  const AcmeStanding standing{State::failing, kStart, kStart + 60, 2, "no"};
  const auto json = describe_acme(subject, standing);
  EXPECT_EQ(json["state"], "valid, renewal failing");
  EXPECT_EQ(json["domains"][0], "example.com");
  EXPECT_EQ(json["last_error"], "no");
  EXPECT_FALSE(describe_acme(subject, {}).contains("last_error"));
}

TEST(AcmeSchedule, DoublesThePauseUpToTwelveHours) {
  SeededRandom random(7);
  std::int64_t last = 0;
  for (unsigned failures : {1u, 2u, 5u, 11u, 500u}) {
    const std::int64_t pause = next_order(failures, {}, 1000, random) - 1000;
    EXPECT_GE(pause, 54);
    EXPECT_LE(pause, 12 * 3600 * 11 / 10);
    EXPECT_GE(pause * 13 / 10, last);
    last = pause;
  }
  EXPECT_EQ(next_order(1, {"", "", 90'000}, 1000, random), 91'000);
  EXPECT_GE(next_order(1, {"", "connection"}, 1000, random), 1000 + 13 * 60);
  EXPECT_EQ(forbidden_until({"", "", 10'000'000'000}, 1000), 1000 + kLongestForbiddenS);
  EXPECT_EQ(forbidden_until({"", "serverInternal", -1}, 1000), 0);
}

TEST(AcmeState, SurvivesNonsense) {
  const TestDirectory directory;
  tls::AcmeConfig config;
  config.state_directory = directory.path();
  config.domains = {"example.com"};
  const AcmeFiles files = acme_files(config);
  for (const char* text : {"", "[]", "{", R"({"failures":-1,"begun":1e9,"order":7,"renewal":[]})",
                           R"({"failures":99999999999999999999,"next_attempt":"x"})"}) {
    ASSERT_TRUE(write_durably(files.state, text, 0600));
    const AcmeState state = load_acme_state(files);
    EXPECT_EQ(state.failures, 0u) << text;
    EXPECT_EQ(state.order, "");
  }
}

}  // namespace
}  // namespace transom::node
