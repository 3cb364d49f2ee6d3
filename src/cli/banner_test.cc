#include "cli/banner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "node/files/test_directory.h"

namespace transom::cli {
namespace {

using testing::HasSubstr;

TEST(Banner, OfTheDefaultNodeHasLinesThatWork) {
  const node::TestDirectory directory;
  const std::string odd = directory.path() + "/it's here";
  std::filesystem::create_directory(odd);
  ASSERT_TRUE(node::prepare_local_node(odd + "/.transom", 1'790'000'000));
  const std::string text = local_banner({odd + "/.transom", 9443, {}});
  EXPECT_THAT(text, HasSubstr("https://localhost:9443/"));
  EXPECT_THAT(text, HasSubstr("wss://localhost:9443/ws"));
  EXPECT_THAT(text, testing::ContainsRegex("SHA-256: +([0-9A-F]{2}:){31}[0-9A-F]{2}"));
  EXPECT_THAT(text, HasSubstr("it'\\''s here"));
  EXPECT_THAT(text, HasSubstr("publish com.example.hello '\"hi\"'"));
}

TEST(Banner, FindsTheExamplesOfItsTree) {
  const node::TestDirectory directory;
  const std::string program = directory.path() + "/build/release/transom";
  std::filesystem::create_directories(directory.path() + "/build/release");
  EXPECT_EQ(examples_directory(program), "");
  std::filesystem::create_directory(directory.path() + "/examples");
  EXPECT_EQ(examples_directory(program), directory.path() + "/examples");
}

TEST(Banner, OfAConfiguredNodeListsItsTransports) {
  node::NodeConfig config = node::make_local_config("/n", 8443, true);
  config.config_file = "/n/config.json";
  const std::string text = configured_banner(config);
  EXPECT_THAT(text, HasSubstr("/n/config.json"));
  EXPECT_THAT(text, HasSubstr("https on 127.0.0.1:8443, [::1]:8443"));
}

}  // namespace
}  // namespace transom::cli
