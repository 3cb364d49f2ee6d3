#include "node/ocsp/cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "node/files/test_directory.h"

namespace transom::node {
namespace {

class OcspCacheTest : public ::testing::Test {
 protected:
  std::string path(const std::string& id) const { return directory_.path() + "/cache/" + id + ".der"; }
  void write(const std::string& id, const std::string& content) {
    mkdir((directory_.path() + "/cache").c_str(), 0700);
    std::ofstream(path(id), std::ios::binary) << content;
  }
  static mode_t mode(const std::string& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }

  TestDirectory directory_;
  OcspCache cache_{directory_.path() + "/cache"};
};

TEST_F(OcspCacheTest, WhatIsStoredIsLoadedAndPrivate) {
  EXPECT_EQ(cache_.load("a"), "");
  ASSERT_TRUE(cache_.store("a", std::string("\0one", 4)));
  ASSERT_TRUE(cache_.store("a", std::string("\0two", 4)));
  EXPECT_EQ(cache_.load("a"), std::string("\0two", 4));
  EXPECT_EQ(mode(path("a")), 0600u);
  EXPECT_EQ(mode(directory_.path() + "/cache"), 0700u);
  cache_.remove("a");
  EXPECT_EQ(cache_.load("a"), "");
}

TEST_F(OcspCacheTest, WhatCannotBeAResponseIsNotRead) {
  write("long", std::string(65'537, 'x'));
  write("empty", "");
  write("real", "x");
  ASSERT_EQ(symlink(path("real").c_str(), path("link").c_str()), 0);
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  ASSERT_EQ(mkdir(path("directory").c_str(), 0700), 0);
  for (const char* id : {"long", "empty", "link", "pipe", "directory"}) EXPECT_EQ(cache_.load(id), "") << id;
  ASSERT_TRUE(cache_.store("link", "new"));
  EXPECT_EQ(cache_.load("link"), "new");
  EXPECT_EQ(cache_.load("real"), "x") << "the link is replaced, not followed";
}

TEST_F(OcspCacheTest, TheOldestGoWhenThereAreTooMany) {
  for (std::size_t i = 0; i < OcspCache::kMaxFiles; ++i) write(std::to_string(i), "x");
  const timespec old[2] = {{1'000'000, 0}, {1'000'000, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, path("7").c_str(), old, 0), 0);
  ASSERT_TRUE(cache_.store("new", "y"));
  EXPECT_EQ(cache_.load("7"), "");
  EXPECT_EQ(cache_.load("8"), "x");
  EXPECT_EQ(cache_.load("new"), "y");
}

TEST_F(OcspCacheTest, AFaultIsSaid) {
  OcspCache nowhere("/proc/transom-cannot-write-here");
  const auto stored = nowhere.store("a", "x");
  ASSERT_FALSE(stored);
  EXPECT_NE(stored.error().message.find("cannot create /proc/transom"), std::string::npos);
}

}  // namespace
}  // namespace transom::node
