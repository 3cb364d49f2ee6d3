#include "node/ocsp/stapler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "node/ocsp/schedule.h"
#include "tls/ocsp_test_support.h"

namespace transom::node {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tls::test::Identity;
using tls::test::ocsp_now;
using tls::test::OcspAnswer;

/// A loop that is run by hand, an authority, and a responder that answers what a test says.
class OcspStaplerTest : public ::testing::Test {
 protected:
  OcspStaplerTest() { answers({}); }
  ~OcspStaplerTest() override { stapler_ = nullptr; }

  void answers(const OcspAnswer& answer) { say(tls::test::answer_ocsp(leaf_.certificate.get(), ca_, answer)); }
  void say(Result<std::string> response) {
    const std::lock_guard lock(mutex_);
    response_ = std::move(response);
  }
  OcspWorld world() {
    return {[this](const OcspSubject&, const std::atomic<bool>& cancelled) -> Result<std::string> {
              while (silent_ && !cancelled) std::this_thread::sleep_for(std::chrono::milliseconds(5));
              ++asked_;
              const std::lock_guard lock(mutex_);
              return response_;
            },
            [this] { return now_.load(); }};
  }
  OcspStapler& start() {
    stapler_ = std::make_unique<OcspStapler>(loop_, OcspStapler::Options{files_.path("cache"), true, world()});
    return *stapler_;
  }
  std::shared_ptr<const tls::ServerContext> context(const Identity& leaf, const std::string& staple_file = "") {
    tls::ServerConfig config;
    config.certificates.emplace_back();
    config.certificates[0].key_file = files_.write("key.pem", leaf.key_text);
    config.certificates[0].certificate_file = files_.write("cert.pem", leaf.certificate_text + ca_.certificate_text);
    config.certificates[0].staple_file = staple_file;
    std::vector<std::string> warnings;
    return tls::test::require(tls::ServerContext::create(config, {nullptr, store_, nullptr}, warnings));
  }
  /// Returns when `contexts` may be served.
  void prepare_only(const OcspStapler::Contexts& contexts) {
    bool done = false;
    stapler_->prepare(contexts, [&done] { done = true; });
    run_until([&done] { return done; });
  }
  void prepare(const OcspStapler::Contexts& contexts) {
    prepare_only(contexts);
    settle();
  }
  void run_until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << stapler_->status().dump(2);
      uv_run(loop_.native(), UV_RUN_NOWAIT);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  /// Runs the loop until every answer has been taken.
  void settle() {
    run_until([this] {
      for (const auto& one : stapler_->status()) {
        if (one["state"] == "asking" || (one.contains("next_check") && one["next_check"] <= now_.load())) return false;
      }
      return asked_ >= expected_;
    });
  }
  void advance(std::int64_t seconds) {
    now_ += seconds;
    stapler_->look();
    settle();
  }
  nlohmann::json state() { return stapler_->status().at(0); }
  static std::int64_t stapled_until(const tls::ServerContext& context) {
    const auto staple = context.certificates()[0].staple->get();
    return staple ? staple->not_after : 0;
  }
  std::size_t kept() const {
    std::error_code none;
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(files_.path("cache"), none)) ++count;
    return count;
  }

  tls::test::TemporaryDirectory files_;
  Identity root_ = tls::test::issue("Root", tls::test::ec_key(), tls::test::authority_extensions(), nullptr);
  Identity ca_ = tls::test::issue("Authority", tls::test::ec_key(), tls::test::authority_extensions(), &root_);
  Identity leaf_ = tls::test::issue("leaf", tls::test::ec_key(), tls::test::leaf_extensions("http://ocsp.test/"), &ca_);
  std::mutex mutex_;
  Result<std::string> response_;
  std::atomic<bool> silent_{false};
  std::atomic<int> asked_{0};
  int expected_ = 0;  // questions before the loop is settled
  std::atomic<std::int64_t> now_{ocsp_now};
  std::shared_ptr<tls::StapleStore> store_ = std::make_shared<tls::StapleStore>();
  io::Loop loop_;
  std::unique_ptr<OcspStapler> stapler_;
};

TEST_F(OcspStaplerTest, TheStapleIsThereWhenItIsPrepared) {
  const auto served = context(leaf_);
  start();
  prepare_only({served});
  EXPECT_EQ(stapled_until(*served), ocsp_now + 86'400);
  settle();
  EXPECT_EQ(state()["state"], "good");
  EXPECT_EQ(kept(), 1u);
}

TEST_F(OcspStaplerTest, ARestartFindsItOnDiskAndAsksNobody) {
  start();
  prepare({context(leaf_)});
  say(fail("down"));
  store_ = std::make_shared<tls::StapleStore>();
  const auto served = context(leaf_);
  start();
  prepare({served});
  EXPECT_EQ(stapled_until(*served), ocsp_now + 86'400);
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(state()["state"], "good");
}

TEST_F(OcspStaplerTest, ADamagedFileIsReplaced) {
  start();
  prepare({context(leaf_)});
  for (const auto& file : std::filesystem::directory_iterator(files_.path("cache"))) {
    std::ofstream(file.path(), std::ios::binary) << "damaged";
  }
  store_ = std::make_shared<tls::StapleStore>();
  const auto served = context(leaf_);
  start();
  prepare({served});
  EXPECT_EQ(asked_, 2);
  EXPECT_EQ(stapled_until(*served), ocsp_now + 86'400);
}

TEST_F(OcspStaplerTest, ItIsRefreshedAtHalfOfItsLife) {
  const auto served = context(leaf_);
  start();
  prepare({served});
  const std::int64_t next = state()["next_check"];
  EXPECT_GT(next, ocsp_now - 600 + 87'000 * 0.44);
  EXPECT_LT(next, ocsp_now - 600 + 87'000 * 0.56);
  advance(next - ocsp_now - 1);
  EXPECT_EQ(asked_, 1);
  OcspAnswer newer;
  newer.this_update = next;
  newer.next_update = next + 86'400;
  answers(newer);
  expected_ = 2;
  advance(1);
  EXPECT_EQ(stapled_until(*served), next + 86'400);
}

TEST_F(OcspStaplerTest, AFailureKeepsTheOldOneUntilItsEnd) {
  const auto served = context(leaf_);
  start();
  prepare({served});
  say(fail("the responder is down"));
  expected_ = 2;
  advance(60'000);
  EXPECT_EQ(state()["state"], "good, refresh fails");
  EXPECT_EQ(state()["last_error"], "the responder is down");
  EXPECT_EQ(stapled_until(*served), ocsp_now + 86'400);
  expected_ = 3;
  advance(26'400);
  EXPECT_EQ(stapled_until(*served), 0);
  EXPECT_EQ(state()["state"], "missing");
  OcspAnswer newer;
  newer.this_update = now_;
  newer.next_update = now_ + 1000;
  answers(newer);
  expected_ = 4;
  advance(3700);
  EXPECT_EQ(state()["state"], "missing") << "it has expired meanwhile";
}

TEST_F(OcspStaplerTest, ARevokedOneLosesItsStapleAndItsFile) {
  const auto served = context(leaf_);
  start();
  prepare({served});
  answers({V_OCSP_CERTSTATUS_REVOKED, OCSP_REVOKED_STATUS_SUPERSEDED, ocsp_now, ocsp_now + 900'000});
  expected_ = 2;
  advance(60'000);
  EXPECT_EQ(stapled_until(*served), 0);
  EXPECT_EQ(kept(), 0u);
  EXPECT_EQ(state()["state"], "revoked");
  EXPECT_EQ(state()["reason"], "superseded");
  EXPECT_THAT(stapler_->complaints(), ElementsAre(AllOf(HasSubstr("REVOKED"), HasSubstr("superseded"))));
  say(fail("down"));
  expected_ = 3;
  advance(3700);
  EXPECT_EQ(state()["state"], "revoked") << "silence is no pardon";
}

TEST_F(OcspStaplerTest, UnknownAndForeignAnswersAreNotStapled) {
  const auto served = context(leaf_);
  answers({V_OCSP_CERTSTATUS_UNKNOWN});
  start();
  prepare({served});
  EXPECT_THAT(state()["last_error"], HasSubstr("status unknown"));
  say(tls::test::answer_ocsp(ca_.certificate.get(), root_));
  expected_ = 2;
  advance(70);
  EXPECT_THAT(state()["last_error"], HasSubstr("cannot be trusted"));
  EXPECT_EQ(stapled_until(*served), 0);
  EXPECT_EQ(kept(), 0u);
}

TEST_F(OcspStaplerTest, AReloadWaitsForTheNewOneAndKeepsTheOrder) {
  const auto old = context(leaf_);
  start();
  prepare({old});
  leaf_ = tls::test::issue("newer", tls::test::ec_key(), tls::test::leaf_extensions("http://ocsp.test/"), &ca_);
  answers({});
  const auto newer = context(leaf_);
  std::string order;
  stapler_->prepare({newer}, [&] {
    EXPECT_NE(stapled_until(*newer), 0);
    order += "a";
  });
  stapler_->prepare({old}, [&] { order += "b"; });
  EXPECT_EQ(order, "") << "nothing to wait for, but its turn comes later";
  run_until([&] { return order.size() == 2; });
  EXPECT_EQ(order, "ab");
  stapler_->prepare({newer}, [&] { order += "c"; });
  EXPECT_EQ(order, "abc") << "at once";
}

TEST_F(OcspStaplerTest, CertificatesThatNobodyServesAreForgotten) {
  auto served = context(leaf_);
  start();
  prepare({served});
  stapler_->look();
  EXPECT_EQ(stapler_->status().size(), 1u);
  served = nullptr;
  stapler_->look();
  EXPECT_EQ(stapler_->status().size(), 0u);
}

TEST_F(OcspStaplerTest, ASilentResponderHoldsUpNoLongerThanItsBound) {
  silent_ = true;
  const auto began = std::chrono::steady_clock::now();
  start();
  prepare_only({context(leaf_)});
  const auto waited = std::chrono::steady_clock::now() - began;
  EXPECT_GE(waited, std::chrono::milliseconds(2900));
  EXPECT_LT(waited, std::chrono::milliseconds(9000));
  stapler_ = nullptr;  // ends the question that is still under way
}

/// A certificate that no client takes without a staple waits for a responder that is down for a moment.
TEST_F(OcspStaplerTest, AMustStapleCertificateIsAskedForAgainBeforeItIsServed) {
  leaf_ = tls::test::issue("leaf", tls::test::ec_key(), tls::test::leaf_extensions("http://ocsp.test/", true), &ca_);
  say(fail("Connection refused"));
  const auto served = context(leaf_);
  start();
  bool done = false;
  stapler_->prepare({served}, [&done] { done = true; });
  for (int i = 1; i <= 3; ++i) {
    run_until([&] { return asked_ == i && state()["state"] == "missing" && state()["next_check"] == now_ + 1; });
    EXPECT_FALSE(done);
    if (i == 3) answers({});
    ++now_;
    stapler_->look();
  }
  run_until([&done] { return done; });
  EXPECT_NE(stapled_until(*served), 0);
  EXPECT_EQ(asked_, 4);
  EXPECT_TRUE(stapler_->complaints().empty());
}

TEST_F(OcspStaplerTest, WithoutItsStapleAMustStapleCertificateIsSoonTriedAgain) {
  leaf_ = tls::test::issue("leaf", tls::test::ec_key(), tls::test::leaf_extensions("http://ocsp.test/", true), &ca_);
  const auto served = context(leaf_, files_.write("staple.der", "broken"));
  start();
  prepare({served});  // at once: a file does not mend itself
  EXPECT_EQ(state()["state"], "missing");
  EXPECT_LE(state()["next_check"], now_ + 6);
  EXPECT_THAT(stapler_->complaints(),
              ElementsAre(AllOf(HasSubstr("cert.pem"), HasSubstr("staple.der"), HasSubstr("must-staple"))));
}

TEST_F(OcspStaplerTest, ComplaintsOfFilesThatCannotBeStapled) {
  const auto complaints = [this](const std::string& content) {
    return staple_file_complaints(*context(leaf_, files_.write("staple.der", content)), ocsp_now);
  };
  EXPECT_THAT(complaints(*response_), IsEmpty());
  const auto about = [](const std::string& reason) {
    return ElementsAre(AllOf(HasSubstr("cert.pem"), HasSubstr("staple.der"), HasSubstr(reason)));
  };
  EXPECT_THAT(complaints("garbage"), about("put a fresh response into"));
  EXPECT_THAT(complaints(""), about("put a fresh response into"));
  const auto answer = [this](const OcspAnswer& one) {
    return tls::test::answer_ocsp(leaf_.certificate.get(), ca_, one);
  };
  EXPECT_THAT(complaints(answer({V_OCSP_CERTSTATUS_GOOD, -1, ocsp_now - 9000, ocsp_now - 5000})), about("expired"));
  EXPECT_THAT(complaints(answer({V_OCSP_CERTSTATUS_UNKNOWN})), about("status unknown"));
  EXPECT_THAT(complaints(tls::test::answer_ocsp(root_.certificate.get(), ca_)), about("another certificate"));
  OcspAnswer strange;
  strange.signer = &root_;
  EXPECT_THAT(complaints(answer(strange)), about("cannot be trusted"));
  EXPECT_THAT(complaints(answer({V_OCSP_CERTSTATUS_REVOKED})), ElementsAre(HasSubstr("THE CERTIFICATE IS REVOKED")));
}

TEST_F(OcspStaplerTest, AFileTakesThePlaceOfTheResponder) {
  const auto served = context(leaf_, files_.write("staple.der", *response_));
  start();
  prepare({served});
  EXPECT_EQ(stapled_until(*served), ocsp_now + 86'400);
  EXPECT_EQ(asked_, 0);
  EXPECT_EQ(kept(), 0u);
  files_.write("staple.der", "broken");
  advance(4000);
  EXPECT_THAT(state()["last_error"], HasSubstr("staple.der"));
  EXPECT_EQ(stapled_until(*served), ocsp_now + 86'400) << "the one that was read is still good";
}

TEST_F(OcspStaplerTest, WithoutResponderThereIsNothingToDo) {
  const Identity silent = tls::test::issue("leaf", tls::test::ec_key(), tls::test::leaf_extensions(""), &ca_);
  const auto served = context(silent);
  start();
  prepare({served});
  EXPECT_EQ(state()["state"], "no responder");
  advance(100'000);
  EXPECT_EQ(asked_, 0);
}

TEST(OcspScheduleTest, ShortLivesLeaveNoGaps) {
  SeededRandom random(1);
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t next = next_refresh(1000, 1060, 1000, random);
    EXPECT_GE(next, 1027);
    EXPECT_LE(next, 1033);
    EXPECT_LE(next_retry(1, 30, false, 1030, random), 1030 + 8);
    const std::int64_t late = next_refresh(0, 1000, 900, random);
    EXPECT_GE(late, 945);
    EXPECT_LE(late, 955);
  }
}

TEST(OcspScheduleTest, UrgentRetriesBeginAtFiveSeconds) {
  SeededRandom random(1);
  const std::int64_t expected[] = {5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600};
  for (unsigned failures = 1; failures <= 12; ++failures) {
    const auto pause = static_cast<double>(next_retry(failures, 0, true, 0, random));
    const auto usual = static_cast<double>(expected[failures - 1]);
    EXPECT_NEAR(pause, usual, usual / 10.0);
  }
}

TEST(OcspScheduleTest, RetriesBackOffFromAMinuteToAnHour) {
  SeededRandom random(1);
  const std::int64_t expected[] = {60, 120, 240, 480, 960, 1920, 3600, 3600};
  for (unsigned failures = 1; failures <= 8; ++failures) {
    const std::int64_t pause = next_retry(failures, 0, false, 0, random);
    EXPECT_NEAR(static_cast<double>(pause), static_cast<double>(expected[failures - 1]), expected[failures - 1] / 10.0);
  }
  EXPECT_LE(next_retry(4'000'000'000u, 0, false, 0, random), 3960);
}

}  // namespace
}  // namespace transom::node
