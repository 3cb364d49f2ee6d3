#include "node/acme/placeholder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "node/acme/files.h"
#include "node/config/config_test_support.h"
#include "node/files/test_directory.h"
#include "tls/context.h"
#include "tls/test_support.h"

namespace transom::node::test {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t kDay = 24 * 3600;

class AcmePlaceholder : public ::testing::Test {
 protected:
  AcmePlaceholder() { use({"b.example", "a.example"}); }

  void use(std::vector<std::string> domains) {
    tls::AcmeConfig acme;
    acme.domains = std::move(domains);
    acme.state_directory = directory_.path() + "/acme";
    files_ = acme_files(acme);
    serve::TransportConfig transport;
    transport.endpoint.tls.emplace();
    transport.endpoint.tls->acme = acme;
    transport.endpoint.tls->certificates.push_back(acme_certificate(files_));
    config_.node_directory = directory_.path();
    config_.workers.assign(1, {});
    config_.workers[0].transports.assign(2, transport);
  }
  const tls::ServerConfig& tls() const { return *config_.workers[0].transports[0].endpoint.tls; }
  Status place(std::optional<RunAs> user = std::nullopt) { return place_acme_placeholders(config_, user, now_); }
  bool usable() const { return is_acme_pair_usable(*tls().acme, now_); }
  std::string chain() const { return text_of(files_.chain); }
  static std::string text_of(const std::string& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static void write(const std::string& file, const std::string& text) { std::ofstream(file) << text; }
  static mode_t mode_of(const std::string& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }

  TestDirectory directory_;
  NodeConfig config_;
  AcmeFiles files_;
  std::int64_t now_ = std::time(nullptr);
};

TEST_F(AcmePlaceholder, IsServedUntilThereIsMore) {
  ASSERT_FALSE(usable());
  ASSERT_TRUE(place());
  EXPECT_TRUE(usable());
  EXPECT_EQ(mode_of(directory_.path() + "/acme"), 0700u);
  EXPECT_EQ(mode_of(files_.key), 0600u);
  const auto info = tls::certificate_info(chain());
  ASSERT_TRUE(info);
  EXPECT_TRUE(is_acme_placeholder(*info));
  EXPECT_THAT(info->dns_names, ElementsAre("b.example", "a.example"));
  EXPECT_EQ(info->not_after, now_ + 7 * kDay);
  std::vector<std::string> warnings;
  EXPECT_TRUE(tls::ServerContext::create(tls(), {}, warnings));
  EXPECT_THAT(warnings, ElementsAre());
}

TEST_F(AcmePlaceholder, WhatWillDoIsKept) {
  ASSERT_TRUE(place());
  const auto real = tls::test::issue("real", tls::test::ec_key(),
                                     tls::test::server_extensions("DNS:a.example,DNS:b.example"), nullptr);
  for (const auto mode : {0600, 0644}) {  // who may read a key is another matter
    write(files_.key, real.key_text);
    write(files_.chain, real.certificate_text);
    chmod(files_.key.c_str(), static_cast<mode_t>(mode));
    ASSERT_TRUE(place());
    EXPECT_EQ(chain(), real.certificate_text);
  }
}

TEST_F(AcmePlaceholder, AnAuthorityMayAddNames) {
  ASSERT_TRUE(place());
  const auto more = tls::test::issue(
      "more", tls::test::ec_key(), tls::test::server_extensions("DNS:A.example,DNS:b.example,DNS:c.example"), nullptr);
  write(files_.key, more.key_text);
  write(files_.chain, more.certificate_text);
  EXPECT_TRUE(usable());
}

TEST_F(AcmePlaceholder, WhatWillNotDoIsReplaced) {
  const auto other =
      tls::test::issue("other", tls::test::ec_key(), tls::test::server_extensions("DNS:a.example"), nullptr);
  const std::function<void()> harms[] = {
      [&] { fs::remove(files_.key); },
      [&] { fs::remove(files_.chain); },
      [&] { write(files_.key, ""); },
      [&] { write(files_.chain, chain().substr(0, 200)); },
      [&] { write(files_.key, other.key_text); },
      [&] { write(files_.key, other.key_text), write(files_.chain, other.certificate_text); },
      [&] { fs::remove_all(files_.certificate_directory), write(files_.certificate_directory, "a file"); },
      [&] { fs::create_directory(files_.certificate_directory + ".new"); },  // left over, and:
      [&] { now_ += 7 * kDay; },
  };
  for (const auto& harm : harms) {
    ASSERT_TRUE(place());
    const std::string before = text_of(files_.chain);
    harm();
    const auto status = place();
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_TRUE(usable());
  }
  EXPECT_EQ(tls::certificate_info(chain())->not_after, now_ + 7 * kDay);
}

TEST_F(AcmePlaceholder, WhatCannotBeReadIsNotReplaced) {
  ASSERT_TRUE(place());
  const std::string before = chain();
  fs::remove(files_.key);
  fs::create_directory(files_.key);
  EXPECT_THAT(place().error().message, HasSubstr("cannot read " + files_.key));
  EXPECT_EQ(chain(), before);
  EXPECT_FALSE(usable());
}

/// Where a file system cannot swap directories, a crash may leave none of that name.
TEST_F(AcmePlaceholder, WhatACrashPutAsideIsServedAgain) {
  ASSERT_TRUE(place());
  const std::string path = files_.certificate_directory, before = chain();
  fs::rename(path, path + ".old");
  ASSERT_TRUE(place());
  EXPECT_EQ(chain(), before);
  fs::copy(path, path + ".new");
  fs::rename(path, path + ".old");
  write(path + ".old/chain.pem", "of the past");
  ASSERT_TRUE(place());
  EXPECT_EQ(chain(), before);
  EXPECT_FALSE(fs::exists(path + ".old"));
  fs::rename(path, path + ".new");  // alone it may be half written
  ASSERT_TRUE(place());
  EXPECT_NE(chain(), before);
}

TEST_F(AcmePlaceholder, AnExpiredRealOneIsNoWorse) {
  ASSERT_TRUE(place());
  const auto old = tls::test::issue("old", tls::test::ec_key(),
                                    tls::test::server_extensions("DNS:a.example,DNS:b.example"), nullptr, 1000, 2000);
  write(files_.key, old.key_text);
  write(files_.chain, old.certificate_text);
  ASSERT_TRUE(place());
  EXPECT_EQ(chain(), old.certificate_text);
}

TEST_F(AcmePlaceholder, EndpointsShareACertificate) {
  EXPECT_EQ(acme_endpoints(config_).size(), 1u);
  config_.workers[0].transports[1].endpoint.tls->acme->domains = {"c.example"};
  EXPECT_EQ(acme_endpoints(config_).size(), 2u);
  EXPECT_EQ(acme_endpoints({}).size(), 0u);
}

TEST_F(AcmePlaceholder, WhatNoEndpointUsesIsNamed) {
  const auto name = [this] { return fs::path(files_.certificate_directory).filename().string(); };
  ASSERT_TRUE(place());
  const std::string old = name();
  for (const std::string& file : {files_.state, files_.pending_key, files_.account, files_.account_key})
    write(file, "");
  EXPECT_THAT(unused_acme_files(config_), ElementsAre());
  use({"c.example"});
  ASSERT_TRUE(place());
  EXPECT_THAT(unused_acme_files(config_), ElementsAre(old, old + ".json", old + ".pending.key"));
  EXPECT_TRUE(fs::exists(directory_.path() + "/acme/" + old + "/key.pem"));
}

TEST_F(AcmePlaceholder, NothingIsMadeWithoutAcme) {
  for (auto& transport : config_.workers[0].transports) transport.endpoint.tls->acme.reset();
  ASSERT_TRUE(place());
  EXPECT_FALSE(fs::exists(directory_.path() + "/acme"));
}

TEST_F(AcmePlaceholder, ADirectoryThatCannotBeUsedIsNamed) {
  const std::string path = directory_.path() + "/acme";
  write(path, "a file");
  EXPECT_THAT(place().error().message, HasSubstr(path + ", which cannot be used: Not a directory"));
  fs::remove(path);
  fs::create_directory(directory_.path() + "/elsewhere");
  fs::create_symlink(directory_.path() + "/elsewhere", path);
  EXPECT_THAT(place().error().message, HasSubstr("cannot be used"));
  fs::remove(path);
  config_.workers[0].transports[0].endpoint.tls->acme->state_directory = directory_.path() + "/none/acme";
  EXPECT_THAT(place().error().message, HasSubstr("No such file"));
}

TEST_F(AcmePlaceholder, WideOpenDirectoriesAreClosed) {
  fs::create_directory(directory_.path() + "/acme");
  fs::permissions(directory_.path() + "/acme", fs::perms(0755));
  ASSERT_TRUE(place());
  EXPECT_EQ(mode_of(directory_.path() + "/acme"), 0700u);
}

/// Only root can change to somebody.
TEST_F(AcmePlaceholder, RootWorksWithTheRightsOfTheUser) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const RunAs user{"somebody", 4711, 4712};
  const std::string path = directory_.path() + "/acme";
  fs::permissions(directory_.path(), fs::perms(0755));
  ASSERT_TRUE(place(user));
  hand_over(user, config_, {});
  struct stat status {};
  for (const std::string& made : {path, files_.certificate_directory, files_.key, files_.chain}) {
    ASSERT_EQ(stat(made.c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, 4711u) << made;
    EXPECT_EQ(status.st_gid, 4712u) << made;
  }
  fs::remove(files_.chain);
  ASSERT_TRUE(place(user));
  ASSERT_EQ(stat(files_.chain.c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 4711u);
  EXPECT_EQ(status.st_gid, 4712u);
  // A trap: what is beyond it is not the user's to change.
  const std::string beyond = directory_.path() + "/beyond";
  fs::create_directory(beyond);
  fs::remove_all(path + "/" + fs::path(files_.certificate_directory).filename().string());
  fs::create_symlink(beyond, files_.certificate_directory);
  (void)place(user);
  EXPECT_TRUE(fs::is_empty(beyond));
  const RunAs other{"other", 4713, 4713};
  EXPECT_THAT(place(other).error().message, HasSubstr("belongs to another user"));
  EXPECT_THAT(place().error().message, HasSubstr("chown -R"));
}

/// Whoever owns the node directory can give root's files other names there.
TEST_F(AcmePlaceholder, WhatOthersMayHaveMovedThereStaysWithRoot) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const RunAs user{"somebody", 4711, 4712};
  const auto owner_of = [](const std::string& path) {
    struct stat status {};
    return lstat(path.c_str(), &status) == 0 ? status.st_uid : 0;
  };
  ASSERT_EQ(chown(directory_.path().c_str(), user.uid, user.gid), 0);
  for (const std::string name : {"/acme", "/ocsp-cache"}) {
    fs::create_directory(directory_.path() + name);
    write(directory_.path() + name + "/secret.key", "root's");
  }
  for (const std::string name : {"/node.lock", "/node.pid", "/control.sock", "/listen.sock"}) {
    write(directory_.path() + name, "root's");
  }
  EXPECT_THAT(place(user).error().message, HasSubstr("chown -R somebody"));
  hand_over(user, config_, {directory_.path() + "/listen.sock"});
  for (const auto& entry : fs::recursive_directory_iterator(directory_.path())) {
    EXPECT_EQ(owner_of(entry.path()), 0u) << entry.path();
  }
  fs::remove_all(directory_.path() + "/acme");
  write(directory_.path() + "/node.lock", std::to_string(getpid()) + "\n");
  ASSERT_TRUE(place(user));
  hand_over(user, config_, {});
  for (const std::string& path : {directory_.path() + "/acme", files_.key, directory_.path() + "/node.lock"}) {
    EXPECT_EQ(owner_of(path), 4711u) << path;
  }
  ASSERT_EQ(chown(directory_.path().c_str(), 0, 0), 0);
  fs::permissions(directory_.path(), fs::perms(0755));
  hand_over(user, config_, {});
  EXPECT_EQ(owner_of(directory_.path() + "/ocsp-cache/secret.key"), 4711u) << "only root can have put it there";
}

TEST_F(AcmePlaceholder, CheckNeitherComplainsNorWrites) {
  const std::string file = directory_.path() + "/config.json";
  write(file, in_endpoint("\"type\": \"tcp\", \"port\": 443, \"tls\": {\"acme\": {\"domains\": [\"a.example\"]}}"));
  const LoadedConfig fresh = load_config(file);
  EXPECT_EQ(describe(fresh), "");
  EXPECT_FALSE(fs::exists(directory_.path() + "/acme"));
  ASSERT_TRUE(place_acme_placeholders(fresh.config, std::nullopt, now_));
  EXPECT_EQ(describe(load_config(file)), "");
  write(file, in_endpoint("\"type\": \"tcp\", \"port\": 443, \"tls\": {\"ciphers\": \"NO-SUCH\", \"acme\": "
                          "{\"domains\": [\"a.example\"]}}"));
  EXPECT_THAT(describe(load_config(file)), HasSubstr("ipher"));
}

}  // namespace
}  // namespace transom::node::test
