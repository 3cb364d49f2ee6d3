#include "node/tls/expiry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace transom::node {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kHour = 3600, kDay = 24 * kHour;
constexpr std::int64_t kEnd = 2'000'000'000;

Expiring certificate(std::int64_t life, const std::string& id = "AB") {
  return {id, "a.pem: the certificate", kEnd - life, kEnd};
}

TEST(Expiry, StagesOfALongLife) {
  const Expiring year = certificate(365 * kDay);
  EXPECT_EQ(expiry_stage(year, kEnd - 30 * kDay - 1), 0U);
  EXPECT_EQ(expiry_stage(year, kEnd - 30 * kDay), 1U);
  EXPECT_EQ(expiry_stage(year, kEnd - 14 * kDay), 2U);
  EXPECT_EQ(expiry_stage(year, kEnd - 7 * kDay), 3U);
  EXPECT_EQ(expiry_stage(year, kEnd - 3 * kDay), 4U);
  EXPECT_EQ(expiry_stage(year, kEnd - kDay), 5U);
  EXPECT_EQ(expiry_stage(year, kEnd), 6U);
}

TEST(Expiry, AShortLifeBeginsAtItsThird) {
  const Expiring six_days = certificate(6 * kDay);
  EXPECT_EQ(expiry_stage(six_days, kEnd - 2 * kDay - 1), 0U);
  EXPECT_EQ(expiry_stage(six_days, kEnd - 2 * kDay), 1U);
  EXPECT_EQ(expiry_stage(six_days, kEnd - kDay), 2U);
  EXPECT_EQ(expiry_stage(six_days, kEnd), 3U);
  const Expiring day = certificate(kDay);
  EXPECT_EQ(expiry_stage(day, kEnd - 9 * kHour), 0U);
  EXPECT_EQ(expiry_stage(day, kEnd - 8 * kHour), 1U);
  EXPECT_EQ(expiry_stage(day, kEnd - 1), 1U);
  EXPECT_EQ(expiry_stage(day, kEnd), 2U);
}

TEST(Expiry, EachStageIsSaidOnce) {
  ExpiryWarnings warnings;
  const std::vector<Expiring> all = {certificate(90 * kDay)};
  std::vector<std::string> said;
  for (std::int64_t now = kEnd - 40 * kDay; now < kEnd + 10 * kDay; now += kHour) {
    for (std::string& text : warnings.due(all, now)) said.push_back(std::move(text));
  }
  EXPECT_THAT(said, ElementsAre("a.pem: the certificate expires in 30 days; renew it",
                                "a.pem: the certificate expires in 14 days; renew it",
                                "a.pem: the certificate expires in 7 days; renew it",
                                "a.pem: the certificate expires in 3 days; renew it",
                                "a.pem: the certificate expires in 24 hours; renew it",
                                "a.pem: the certificate expired 0 hours ago; renew it"));
}

TEST(Expiry, AtLoadOnlyWhatHoldsNow) {
  ExpiryWarnings warnings;
  const std::vector<Expiring> all = {certificate(90 * kDay), certificate(90 * kDay)};  // the same one on two ports
  EXPECT_THAT(warnings.due(all, kEnd - 5 * kDay), ElementsAre("a.pem: the certificate expires in 5 days; renew it"));
  EXPECT_THAT(warnings.due(all, kEnd - 5 * kDay), IsEmpty());
  ExpiryWarnings late;
  EXPECT_THAT(late.due(all, kEnd + kDay), IsEmpty()) << "whoever loads it says so";
  EXPECT_THAT(late.due(all, kEnd + 2 * kDay), IsEmpty());
}

TEST(Expiry, WhatIsNearIsToldAnew) {
  const std::vector<Expiring> all = {certificate(90 * kDay), certificate(90 * kDay), certificate(6 * kDay, "CD")};
  EXPECT_THAT(near_expiry(all, kEnd - 5 * kDay), ElementsAre("a.pem: the certificate expires in 5 days; renew it"));
  EXPECT_EQ(near_expiry(all, kEnd + kDay).size(), 2U);
  EXPECT_THAT(near_expiry(all, kEnd - 40 * kDay), IsEmpty());
}

TEST(Expiry, ARenewedOneIsANewOne) {
  ExpiryWarnings warnings;
  EXPECT_EQ(warnings.due({certificate(90 * kDay)}, kEnd - kDay).size(), 1U);
  EXPECT_THAT(warnings.due({{"CD", "a.pem: the certificate", kEnd, kEnd + 90 * kDay}}, kEnd - kDay), IsEmpty());
  EXPECT_EQ(warnings.due({certificate(90 * kDay)}, kEnd - kDay).size(), 1U) << "forgotten meanwhile";
}

TEST(Expiry, Distances) {
  EXPECT_EQ(distance_text(kEnd, kEnd - 49 * kHour), "in 2 days");
  EXPECT_EQ(distance_text(kEnd, kEnd - kHour - 1), "in 1 hour");
  EXPECT_EQ(distance_text(kEnd, kEnd + 3 * kDay), "3 days ago");
}

}  // namespace
}  // namespace transom::node
