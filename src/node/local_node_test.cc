#include "node/local_node.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "node/files/durable_file.h"
#include "node/files/test_directory.h"
#include "serve/unique_fd.h"

namespace transom::node {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kDay = 24 * 3600;
constexpr std::int64_t kNow = 1'790'000'000;

class LocalNodeTest : public testing::Test {
 protected:
  LocalNodeChanges prepare(std::int64_t now = kNow) {
    const auto changes = prepare_local_node(files.directory, now);
    EXPECT_TRUE(changes) << changes.error().message;
    return changes.value_or(LocalNodeChanges());
  }
  static std::string content(const std::string& path) { return read_if_present(path)->value_or(""); }
  static unsigned mode(const std::string& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }
  static void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

  TestDirectory parent;
  LocalNodeFiles files{parent.path() + "/.transom"};
};

TEST_F(LocalNodeTest, MakesEverythingOnceWithTightModes) {
  const LocalNodeChanges changes = prepare();
  EXPECT_TRUE(changes.new_ca && changes.new_certificate && !changes.replaced_ca);
  EXPECT_EQ(mode(files.directory), 0700U);
  EXPECT_EQ(mode(files.intermediate_key), 0600U);
  EXPECT_EQ(mode(files.cert_key), 0600U);
  EXPECT_EQ(content(files.directory + "/.gitignore"), "*\n");
  const std::string chain = content(files.cert_chain);
  const LocalNodeChanges again = prepare(kNow + kDay);
  EXPECT_FALSE(again.new_ca || again.new_certificate);
  EXPECT_EQ(content(files.cert_chain), chain);
}

TEST_F(LocalNodeTest, TheRootsKeyIsNowhere) {
  prepare();
  std::size_t keys = 0;
  for (const auto& entry : fs::recursive_directory_iterator(files.directory)) {
    if (entry.is_regular_file() && content(entry.path()).find("PRIVATE KEY") != std::string::npos) ++keys;
  }
  EXPECT_EQ(keys, 2U) << "the intermediate's and the leaf's";
}

TEST_F(LocalNodeTest, RenewsTheCertificateButNotTheCa) {
  prepare();
  const std::string root = content(files.root_cert), chain = content(files.cert_chain);
  EXPECT_EQ(renew_if_due(files.directory, kNow + 30 * kDay), false);
  EXPECT_EQ(renew_if_due(files.directory, kNow + 61 * kDay), true);
  EXPECT_NE(content(files.cert_chain), chain);
  EXPECT_TRUE(prepare(kNow + 130 * kDay).new_certificate);
  EXPECT_EQ(content(files.root_cert), root);
}

TEST_F(LocalNodeTest, RepairsWhatACrashCanLeave) {
  prepare();
  const std::string root = content(files.root_cert);
  const std::string old_key = content(files.cert_key);
  fs::remove(files.cert_key);
  EXPECT_TRUE(prepare().new_certificate);
  write(files.cert_key, old_key);
  EXPECT_TRUE(prepare().new_certificate) << "a key that does not fit";
  write(files.cert_chain, content(files.cert_chain).substr(0, 100));
  EXPECT_TRUE(prepare().new_certificate);
  fs::remove_all(files.directory + "/tls");
  fs::create_directory(files.directory + "/tls.new");
  write(files.directory + "/tls.new/localhost_key.pem", "half");
  EXPECT_TRUE(prepare().new_certificate);
  EXPECT_FALSE(fs::exists(files.directory + "/tls.new"));
  EXPECT_EQ(content(files.root_cert), root) << "a good CA is never replaced";
}

TEST_F(LocalNodeTest, ReplacesACaThatCannotSign) {
  prepare();
  fs::remove(files.intermediate_key);
  EXPECT_TRUE(prepare().new_ca);
  write(files.intermediate_key, "garbage");
  const LocalNodeChanges changes = prepare();
  EXPECT_TRUE(changes.replaced_ca && changes.new_certificate);
  EXPECT_FALSE(fs::exists(files.directory + "/ca.new"));
  EXPECT_TRUE(prepare(kNow + 3650 * kDay).replaced_ca) << "too old for another certificate";
}

TEST_F(LocalNodeTest, RefusesAFileInItsPlaceAndTightensADirectory) {
  fs::create_directory(files.directory);
  fs::permissions(files.directory, fs::perms::all);
  prepare();
  EXPECT_EQ(mode(files.directory), 0700U);
  fs::remove_all(files.directory);
  write(files.directory, "");
  EXPECT_FALSE(prepare_local_node(files.directory, kNow));
  fs::remove(files.directory);
  fs::create_symlink("/tmp", files.directory);
  EXPECT_FALSE(prepare_local_node(files.directory, kNow));
}

TEST_F(LocalNodeTest, TheConfigIsLoopbackOnly) {
  const NodeConfig config = make_local_config(files.directory, 9443, true);
  ASSERT_EQ(config.workers.size(), 1U);
  const auto& transport = config.workers[0].transports.at(0);
  EXPECT_EQ(transport.endpoint.interfaces, (std::vector<std::string>{"127.0.0.1", "::1"}));
  EXPECT_EQ(transport.endpoint.port, 9443);
  EXPECT_TRUE(transport.web.loopback_hosts_only);
  const auto* websocket = std::get_if<serve::WebSocketConfig>(&transport.paths.at("ws").service);
  ASSERT_NE(websocket, nullptr);
  EXPECT_TRUE(websocket->options.loopback_origins_only);
  EXPECT_EQ(websocket->serializers.size(), 3U);
  EXPECT_EQ(make_local_config(files.directory, 1, false).workers[0].transports[0].endpoint.interfaces.size(), 1U);
}

}  // namespace
}  // namespace transom::node
