#include "node/files/file_watch.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "node/files/test_directory.h"

namespace transom::node {
namespace {

namespace fs = std::filesystem;

void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

struct Watched {
  TestDirectory directory;
  std::vector<std::string> files = {directory.path() + "/key.pem", directory.path() + "/cert.pem"};
  ChangeDetector detector{stamps_of(files)};
  bool look() { return detector.look(stamps_of(files)); }
};

TEST(FileWatch, ChangesCountWhenTheyHaveSettled) {
  Watched watched;
  EXPECT_FALSE(watched.look());
  EXPECT_FALSE(watched.look());
  write(watched.files[0], "a");
  EXPECT_FALSE(watched.look()) << "it may still be written";
  write(watched.files[0], "ab");
  EXPECT_FALSE(watched.look());
  EXPECT_TRUE(watched.look());
  EXPECT_FALSE(watched.look()) << "said once";
  write(watched.files[1], "c");
  fs::remove(watched.files[0]);
  EXPECT_FALSE(watched.look());
  EXPECT_TRUE(watched.look());
}

TEST(FileWatch, WhatCameAndWentIsNoChange) {
  Watched watched;
  EXPECT_FALSE(watched.look());
  write(watched.files[0], "a");
  EXPECT_FALSE(watched.look());
  fs::remove(watched.files[0]);
  EXPECT_FALSE(watched.look());
  EXPECT_FALSE(watched.look());
}

TEST(FileWatch, ATurnedLinkAndANewModeAreChanges) {
  Watched watched;
  write(watched.directory.path() + "/1.pem", "x");
  write(watched.directory.path() + "/2.pem", "x");
  fs::create_symlink("1.pem", watched.files[0]);
  EXPECT_FALSE(watched.look());
  EXPECT_TRUE(watched.look());
  fs::remove(watched.files[0]);
  fs::create_symlink("2.pem", watched.files[0]);
  EXPECT_FALSE(watched.look());
  EXPECT_TRUE(watched.look());
  fs::permissions(watched.files[0], fs::perms::owner_read);
  EXPECT_FALSE(watched.look());
  EXPECT_TRUE(watched.look());
}

TEST(FileWatch, CallsBackOnItsLoop) {
  const TestDirectory directory;
  const std::string file = directory.path() + "/a";
  io::Loop loop;
  int calls = 0;
  FileWatch watch(
      loop, {file},
      [&] {
        ++calls;
        loop.stop();
      },
      1);
  write(file, "a");
  loop.run();
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace transom::node
