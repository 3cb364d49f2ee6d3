#include "tls/name_plan.h"

#include <gmock/gmock.h>

namespace transom::tls {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Set = std::vector<std::size_t>;

class NamePlanTest : public ::testing::Test {
 protected:
  void add(const std::string& kind, std::vector<std::string> names, std::vector<std::string> addresses = {}) {
    const std::string file = fmt_name(certificates_.size());
    certificates_.push_back({file, kind, std::move(names), std::move(addresses)});
  }
  static std::string fmt_name(std::size_t i) { return "c" + std::to_string(i) + ".pem"; }
  NamePlan plan() { return plan_names(certificates_, warnings_); }
  Set set_of(const NamePlan& plan, const std::string& name) { return plan.sets.at(plan.set_of.at(name)); }

  std::vector<NamedCertificate> certificates_;
  std::vector<std::string> warnings_;
};

TEST_F(NamePlanTest, KindsForOneNameGoTogether) {
  add("EC", {"a.example"});
  add("RSA", {"a.example"});
  EXPECT_THAT(plan().sets, ElementsAre(Set{0, 1}));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(NamePlanTest, TheFirstIsTheDefault) {
  add("EC", {"a.example"});
  add("EC", {"b.example", "*.b.example"});
  add("RSA", {"b.example"});
  const NamePlan made = plan();
  EXPECT_EQ(made.sets.front(), Set{0});
  EXPECT_EQ(made.set_of.at("a.example"), 0u);
  EXPECT_EQ(set_of(made, "b.example"), (Set{1, 2}));
  EXPECT_EQ(set_of(made, "*.b.example"), Set{1});
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(NamePlanTest, AnExactNameBeatsAWildcardOfItsKindOnly) {
  add("EC", {"*.example.com"});
  add("RSA", {"*.example.com"});
  add("EC", {"www.example.com"});
  const NamePlan made = plan();
  EXPECT_EQ(set_of(made, "www.example.com"), (Set{1, 2}));
  EXPECT_EQ(set_of(made, "*.example.com"), (Set{0, 1}));
}

TEST_F(NamePlanTest, TheFirstOfOneKindWinsWithAWarning) {
  add("EC", {"a.example", "b.example"});
  add("EC", {"b.example", "c.example"});
  add("EC", {"a.example"});
  const NamePlan made = plan();
  EXPECT_EQ(set_of(made, "b.example"), Set{0});
  EXPECT_EQ(set_of(made, "c.example"), Set{1});
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("c1.pem: not sent for b.example"), HasSubstr("c0.pem")),
                                     HasSubstr("c2.pem: not sent for a.example"),
                                     HasSubstr("c2.pem: the certificate is never sent")));
}

TEST_F(NamePlanTest, AddressesMakeADefaultTogether) {
  add("EC", {}, {"10.0.0.1"});
  add("RSA", {}, {"10.0.0.1"});
  EXPECT_THAT(plan().sets, ElementsAre(Set{0, 1}));
}

}  // namespace
}  // namespace transom::tls
