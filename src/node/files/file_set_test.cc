#include "node/files/file_set.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "node/files/test_directory.h"
#include "serve/unique_fd.h"

namespace transom::node {
namespace {

using Names = std::vector<std::string>;

class FileSet : public testing::Test {
 protected:
  std::string at(const std::string& name) const { return directory_.path() + "/" + name; }
  std::string content(const std::string& name) const {
    const auto found = read_if_present(at(name));
    return found && *found ? **found : "none";
  }
  mode_t mode(const std::string& name) const {
    struct stat facts {};
    stat(at(name).c_str(), &facts);
    return facts.st_mode & 07777;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> list;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      list.push_back(entry.path().filename().string());
    }
    std::sort(list.begin(), list.end());
    return list;
  }
  std::vector<NewFile> pair(const std::string& mark) const {
    return {{at("key"), "key " + mark, 0600}, {at("certificate"), "certificate " + mark, 0644}};
  }

  TestDirectory directory_;
};

TEST_F(FileSet, AllAreWrittenWithTheirModesAndNothingElseStays) {
  const auto files = pair("1");
  const mode_t before = umask(0);
  ASSERT_TRUE(write_together(files, false));
  umask(before);
  EXPECT_EQ(names(), (Names{"certificate", "key"}));
  EXPECT_EQ(content("key"), "key 1");
  EXPECT_EQ(mode("key"), 0600U);
  EXPECT_EQ(mode("certificate"), 0644U);
}

TEST_F(FileSet, WhatIsThereIsKeptUnlessToldOtherwise) {
  ASSERT_TRUE(write_durably(at("certificate"), "mine", 0644));
  const auto files = pair("2");
  const auto refused = write_together(files, false);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("certificate is there already"), std::string::npos);
  EXPECT_EQ(names(), Names{"certificate"});
  ASSERT_TRUE(write_together(files, true));
  EXPECT_EQ(content("certificate"), "certificate 2");
  EXPECT_EQ(names(), (Names{"certificate", "key"}));
}

TEST_F(FileSet, ADanglingLinkCountsAsThere) {
  std::filesystem::create_symlink(at("elsewhere"), at("key"));
  EXPECT_FALSE(write_together(pair("3"), false));
  ASSERT_TRUE(write_together(pair("3"), true));
  EXPECT_FALSE(std::filesystem::is_symlink(at("key")));
  EXPECT_EQ(names(), (Names{"certificate", "key"}));
}

TEST_F(FileSet, WhatACrashHasLeftGoesWithTheNextSuccess) {
  const std::string left = ".key.transom-0123456789ab";
  const Names others = {".key.transom-0123456789a", ".key.transom-0123456789xy", ".key.old",
                        ".other.transom-0123456789ab"};
  ASSERT_TRUE(write_new(at(left), "an old key", 0600));
  for (const std::string& name : others) ASSERT_TRUE(write_new(at(name), "of somebody", 0600));
  auto failing = pair("1");
  failing.back().name = at("missing/certificate");
  EXPECT_FALSE(write_together(failing, true));
  EXPECT_EQ(content(left), "an old key") << "it may be the only one that fits";
  ASSERT_TRUE(write_together(pair("1"), true));
  EXPECT_EQ(content(left), "none");
  for (const std::string& name : others) EXPECT_EQ(content(name), "of somebody") << name;
}

TEST_F(FileSet, NobodyElsesWorkIsALeftover) {
  const std::string name = ".key.transom-0123456789ab";
  ASSERT_TRUE(write_new(at(name), "being written", 0600));
  const serve::UniqueFd other(open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY));
  ASSERT_EQ(flock(other.get(), LOCK_EX | LOCK_NB), 0);
  ASSERT_TRUE(write_together(pair("1"), false));
  EXPECT_EQ(content(name), "being written");
}

/// A directory in which only owners remove files: the second one cannot be replaced once the first one is.
TEST_F(FileSet, AnOldFileComesBackWhenALaterOneCannotBeReplaced) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  ASSERT_TRUE(write_together(pair("old"), false));
  ASSERT_EQ(chmod(directory_.path().c_str(), 01777), 0);
  ASSERT_EQ(chown(at("key").c_str(), 65534, 65534), 0);
  ASSERT_EQ(seteuid(65534), 0);
  const auto status = write_together(pair("new"), true);
  ASSERT_EQ(seteuid(0), 0);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("certificate: Operation not permitted; nothing was written"), std::string::npos)
      << status.error().message;
  EXPECT_EQ(content("key"), "key old");
  EXPECT_EQ(content("certificate"), "certificate old");
  EXPECT_EQ(names(), (Names{"certificate", "key"}));
}

/// The second file is too long for the disk: the first must not appear, and old ones come to no harm.
TEST_F(FileSet, AFullDiskUndoesAll) {
  const auto old = pair("old");
  ASSERT_TRUE(write_together(old, false));
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{4096, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const std::vector<NewFile> files = {{at("key"), "new", 0600}, {at("certificate"), std::string(10'000, 'x'), 0644}};
  const auto over = write_together(files, true);
  const std::vector<NewFile> others = {{at("a"), "new", 0600}, {at("b"), std::string(10'000, 'x'), 0644}};
  const auto beside = write_together(others, false);
  setrlimit(RLIMIT_FSIZE, &before);
  ASSERT_FALSE(over);
  ASSERT_FALSE(beside);
  EXPECT_EQ(over.error().message, "cannot write " + at("certificate") + ": File too large; nothing was written");
  EXPECT_EQ(content("key"), "key old");
  EXPECT_EQ(content("certificate"), "certificate old");
  EXPECT_EQ(names(), (Names{"certificate", "key"}));
}

TEST_F(FileSet, ImpossiblePlacesAreRefusedBeforeAnythingIsWritten) {
  std::filesystem::create_directory(at("directory"));
  const std::vector<std::vector<std::string>> impossible = {
      {at("x"), at("x")}, {at("x"), at("./x")}, {at("directory")}, {at("missing/x")}, {at("x"), "/proc/x"}};
  for (const auto& paths : impossible) {
    std::vector<NewFile> files;
    for (const std::string& path : paths) files.push_back({path, "text", 0644});
    EXPECT_FALSE(write_together(files, true)) << paths.back();
    EXPECT_EQ(names(), Names{"directory"});
  }
}

}  // namespace
}  // namespace transom::node
