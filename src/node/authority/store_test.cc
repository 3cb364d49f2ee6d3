#include "node/authority/store.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "node/files/test_directory.h"
#include "pki/authority_constraints.h"
#include "tls/certificate_builder.h"

namespace transom::node {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Is = pki::CertificateState::Is;

constexpr std::int64_t kNow = 1'800'000'000;

template <typename T>
T require(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

std::string list_of(const pki::SigningPair& pair, std::int64_t number) {
  return require(pki::crl_der(require(pki::make_crl(pair, {}, {number, kNow, kNow + 86'400})).get()));
}

const pki::NewAuthority& authority() {
  static const pki::NewAuthority made = require(pki::make_authority({"Example", ""}, kNow));
  return made;
}

NewAuthorityFiles files() {
  const auto& [root, intermediate] = authority();
  return {require(tls::certificate_pem(root.certificate.get())),
          require(pki::key_pem(root.key.get(), "")),
          require(tls::certificate_pem(intermediate.certificate.get())),
          require(pki::key_pem(intermediate.key.get(), "")),
          {"http://127.0.0.1:2560/", ""},
          list_of(root, 1),
          list_of(intermediate, 1)};
}

tls::CertificateHandle leaf() {
  const auto key = require(pki::make_key({}));
  return require(pki::issue_leaf(authority().intermediate,
                                 {pki::LeafPlan::Use::server, {{"a.example"}, {}, {}}, 86'400, "", ""}, key.get(),
                                 kNow));
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
}

class AuthorityStoreTest : public ::testing::Test {
 protected:
  TestDirectory base_;
  std::string directory_ = base_.path() + "/ca";
  Status created_ = AuthorityStore::create(directory_, files());
};

TEST_F(AuthorityStoreTest, IsMadeWholeAndPrivate) {
  ASSERT_TRUE(created_.has_value()) << created_.error().message;
  for (const char* secret : {"", "/certificates", "/revocations"}) EXPECT_EQ(mode_of(directory_ + secret), 0700u);
  for (const char* key : {"/root.key", "/intermediate.key"}) EXPECT_EQ(mode_of(directory_ + key), 0600u);
  EXPECT_EQ(std::distance(fs::directory_iterator(base_.path()), {}), 1) << "nothing else is left";
  const auto store = require(AuthorityStore::open(directory_));
  EXPECT_EQ(store.settings().ocsp_url, "http://127.0.0.1:2560/");
  EXPECT_TRUE(store.intermediate().has_value());
  EXPECT_TRUE(store.root("").has_value());
  EXPECT_FALSE(require(store.root_is_encrypted()));
}

TEST_F(AuthorityStoreTest, IsNotOverwritten) {
  const auto before = require(AuthorityStore::open(directory_)).root_pem();
  EXPECT_THAT(AuthorityStore::create(directory_, files()).error().message, HasSubstr("is not overwritten"));
  EXPECT_EQ(std::distance(fs::directory_iterator(base_.path()), {}), 1);
  std::ofstream(base_.path() + "/file") << "x";
  EXPECT_FALSE(AuthorityStore::create(base_.path() + "/file", files()).has_value());
  EXPECT_EQ(require(AuthorityStore::open(directory_)).root_pem(), before);
}

TEST_F(AuthorityStoreTest, WhatACrashLeftIsRemovedAndWhatAnotherMakesIsNot) {
  const std::string other = base_.path() + "/other";
  const std::string left = base_.path() + "/.other.transom-abcdef", busy = base_.path() + "/.other.transom-ghijkl";
  for (const std::string& site : {left, busy}) {
    fs::create_directories(site);
    std::ofstream(site + "/root.key") << "half";
  }
  fs::create_directories(other + ".new/certificates");
  const serve::UniqueFd held(::open(busy.c_str(), O_RDONLY | O_DIRECTORY));
  ASSERT_EQ(flock(held.get(), LOCK_EX), 0);
  EXPECT_TRUE(AuthorityStore::create(other, files()).has_value());
  EXPECT_TRUE(AuthorityStore::open(other).has_value());
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(busy)) << "somebody is at work there";
  EXPECT_TRUE(fs::exists(other + ".new")) << "not ours";
}

TEST_F(AuthorityStoreTest, OthersDirectoriesAreNotUsed) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(chown(directory_.c_str(), 65534, 65534), 0);
  EXPECT_THAT(AuthorityStore::open(directory_).error().message, HasSubstr("belongs to another user"));
}

TEST_F(AuthorityStoreTest, KnowsWhatWasIssuedAndRevoked) {
  const auto store = require(AuthorityStore::open(directory_));
  const auto one = leaf(), two = leaf();
  const std::string serial = pki::serial_text(one.get());
  EXPECT_EQ(require(store.state(serial)).is, Is::unknown);
  EXPECT_THAT(store.revoke({serial, kNow, "superseded"}).error().message, HasSubstr("no certificate with the serial"));
  ASSERT_TRUE(store.record(one.get()).has_value());
  ASSERT_TRUE(store.record(two.get()).has_value());
  store.forget(two.get());
  EXPECT_THAT(require(store.serials()), ElementsAre(serial));
  EXPECT_EQ(require(store.certificate(serial)), require(tls::certificate_pem(one.get())));
  EXPECT_EQ(require(store.state(serial)).is, Is::good);
  ASSERT_TRUE(store.revoke({serial, kNow, "superseded"}).has_value());
  EXPECT_THAT(store.revoke({serial, kNow, "superseded"}).error().message, HasSubstr("is revoked already"));
  const auto state = require(store.state(serial));
  EXPECT_EQ(state.is, Is::revoked);
  EXPECT_EQ(state.revoked_at, kNow);
  EXPECT_EQ(state.reason, "superseded");
  EXPECT_EQ(require(store.revocations()).size(), 1u);
}

TEST_F(AuthorityStoreTest, SerialNumbersAreNoPaths) {
  const auto store = require(AuthorityStore::open(directory_));
  for (const std::string& serial : std::vector<std::string>{"", "../root", "a", "-1", "0/1", std::string(65, 'A')}) {
    EXPECT_EQ(require(store.state(serial)).is, Is::unknown) << serial;
    EXPECT_FALSE(store.certificate(serial).has_value()) << serial;
  }
}

TEST_F(AuthorityStoreTest, HalfWrittenRecordsAreNone) {
  const auto store = require(AuthorityStore::open(directory_));
  std::ofstream(directory_ + "/certificates/0A.crt.new") << "half";
  EXPECT_TRUE(require(store.serials()).empty());
  std::ofstream(directory_ + "/revocations/0A.json") << "{";
  EXPECT_THAT(store.state("0A").error().message, HasSubstr("0A.json is damaged")) << "not good by mistake";
}

TEST_F(AuthorityStoreTest, ListsAreReplaced) {
  const auto store = require(AuthorityStore::open(directory_));
  ASSERT_TRUE(store.replace_crl(false, list_of(authority().intermediate, 5)).has_value());
  EXPECT_EQ(pki::crl_number(require(store.crl(false))), 5);
  EXPECT_EQ(pki::crl_number(require(store.crl(true))), 1);
}

TEST_F(AuthorityStoreTest, OneWriterAtATime) {
  const auto store = require(AuthorityStore::open(directory_));
  {
    const auto held = store.lock();
    ASSERT_TRUE(held.has_value());
    EXPECT_THAT(store.lock(std::chrono::milliseconds(1)).error().message, HasSubstr("another command"));
  }
  EXPECT_TRUE(store.lock(std::chrono::milliseconds(1)).has_value());
}

TEST_F(AuthorityStoreTest, RefusesWhatIsNone) {
  EXPECT_THAT(AuthorityStore::open(base_.path() + "/none").error().message, HasSubstr("transom ca init --dir"));
  EXPECT_THAT(AuthorityStore::open(base_.path()).error().message, HasSubstr("is missing"));
  chmod(directory_.c_str(), 0777);
  EXPECT_THAT(AuthorityStore::open(directory_).error().message, HasSubstr("chmod 700"));
  chmod(directory_.c_str(), 0700);
  chmod((directory_ + "/intermediate.key").c_str(), 0644);
  EXPECT_FALSE(require(AuthorityStore::open(directory_)).intermediate().has_value());
  fs::remove(directory_ + "/settings.json");
  EXPECT_FALSE(AuthorityStore::open(directory_).has_value());
  std::ofstream(directory_ + "/settings.json") << R"({"version": 2})";
  EXPECT_THAT(AuthorityStore::open(directory_).error().message, HasSubstr("newer version"));
}

}  // namespace
}  // namespace transom::node
