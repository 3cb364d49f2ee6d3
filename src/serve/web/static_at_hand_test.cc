#include <sys/stat.h>

#include <chrono>
#include <thread>

#include "serve/web/static_root.h"
#include "serve/web/static_testing.h"

namespace transom::serve {
namespace {

// ---- Without the thread pool

class AtHandTest : public StaticTest {
 protected:
  /// Until the files of the fixture are older than what the root has learned: one tick of the clock that stamps them.
  std::optional<OpenedFile> try_open(const StaticRoot& root, std::string_view rest, bool well_known = false) {
    for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
         std::chrono::steady_clock::now() < end;) {
      if (auto file = root.try_open(rest, well_known)) return file;
      learn(root);
      if (root.try_open("css/site.css", false)) return root.try_open(rest, well_known);
    }
    return std::nullopt;
  }
  /// Opens all that the tests ask for, so that the kernel knows it, and waits for what was learned to be too old.
  static void learn(const StaticRoot& root) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    static_cast<void>(root.open("css/site.css", false));
  }
  bool same(const OpenedFile& a, const OpenedFile& b) {
    return a.facts.st_dev == b.facts.st_dev && a.facts.st_ino == b.facts.st_ino;
  }
};

TEST_F(AtHandTest, HostilePathsGetTheSameAnswerBothWays) {
  write(node / "sub/page.html", "in the node");
  write(web / "store/cookies.db", "c");
  context.protected_files.push_back((web / "store").string());
  fs::create_symlink("css/site.css", web / "inside.css");
  fs::create_symlink("css", web / "style");
  fs::create_symlink("../outside/passwd", web / "out");
  fs::create_symlink("../outside", web / "outdir");
  fs::create_symlink("../node/config.json", web / "config");
  fs::create_symlink("/proc/self/environ", web / "environ");
  fs::create_hard_link(node / "server_key.pem", web / "key.txt");
  fs::create_hard_link(node / "config.json", web / "config.txt");
  fs::create_hard_link(top / "outside/passwd", web / "passwd.txt");
  ASSERT_EQ(::mkfifo((web / "fifo").c_str(), 0600), 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // two ticks of the clock that stamps files
  const std::string_view paths[] = {"",
                                    ".",
                                    "..",
                                    "../web/css/site.css",
                                    "css/../css/site.css",
                                    "css/./site.css",
                                    "css//site.css",
                                    "/etc/passwd",
                                    "css/",
                                    "css",
                                    "index.html",
                                    "index.html/",
                                    "css/site.css",
                                    "with space & <b>.txt",
                                    ".secret",
                                    ".git/config",
                                    ".well-known/acme-challenge/token",
                                    "sub/.well-known/token",
                                    "inside.css",
                                    "style/site.css",
                                    "out",
                                    "outdir/passwd",
                                    "config",
                                    "environ",
                                    "key.txt",
                                    "config.txt",
                                    "passwd.txt",
                                    "fifo",
                                    "store/cookies.db",
                                    "nothing",
                                    "node/config.json",
                                    "node/server_key.pem",
                                    "node/sub/page.html",
                                    "keys/other_key.pem",
                                    "outside/passwd",
                                    "web/index.html",
                                    {"css/site.css\0", 13}};
  for (const fs::path& directory : {web, top, node, top / "outside"}) {
    for (const int options : {0, 1, 2, 3}) {
      files.directory = directory.string();
      files.follow_symlinks = (options & 1) != 0;
      files.serve_dotfiles = (options & 2) != 0;
      const StaticRoot root(files, context);
      for (const std::string_view path : paths) {
        for (const bool well_known : {false, true}) {
          const auto blocking = root.open(path, well_known);
          const auto at_hand = root.try_open(path, well_known);
          EXPECT_TRUE(!at_hand || (blocking && same(*blocking, *at_hand)))
              << directory << " " << options << " " << path;
        }
      }
    }
  }
}

TEST_F(AtHandTest, PlainFilesOnly) {
  fs::create_symlink("css/site.css", web / "inside.css");
  fs::create_hard_link(top / "outside/passwd", web / "passwd.txt");
  const StaticRoot root(files, context);
  EXPECT_FALSE(root.try_open("css/site.css", false));  // nothing is known yet
  ASSERT_TRUE(try_open(root, "css/site.css"));
  for (const char* rest : {"inside.css", "passwd.txt", "css", "", "sub/", "css//site.css", "css/../index.html"}) {
    ASSERT_TRUE(root.open(rest, false) || std::string_view(rest).find("..") != std::string_view::npos) << rest;
    EXPECT_FALSE(try_open(root, rest)) << rest;
  }
}

TEST_F(AtHandTest, NotWithoutOpenat2) {
  const StaticRoot root(files, context, StaticRoot::Method::walk);
  learn(root);
  EXPECT_FALSE(root.try_open("css/site.css", false));
}

TEST_F(AtHandTest, WhatIsNewerThanWhatIsKnownIsLeftToTheOtherWay) {
  const StaticRoot root(files, context);
  ASSERT_TRUE(try_open(root, "css/site.css"));
  write(top / "outside/new.css", "new");
  fs::rename(top / "outside/new.css", web / "css/site.css");
  ASSERT_TRUE(root.open("css/site.css", false));
  // The clock may have gone on since, and what is known have been renewed: only then it may be given, and is the new
  // one.
  const auto file = root.try_open("css/site.css", false);
  EXPECT_TRUE(!file || file->facts.st_size == 3);
}

TEST_F(AtHandTest, MovedRootIsNoticedAtOnce) {
  fs::create_directory_symlink("web", top / "current");
  write(top / "web2/css/site.css", "second");
  files.directory = (top / "current").string();
  const StaticRoot root(files, context);
  ASSERT_TRUE(try_open(root, "css/site.css"));
  fs::remove(top / "current");
  fs::create_directory_symlink("web2", top / "current");
  const auto file = root.try_open("css/site.css", false);
  EXPECT_FALSE(file && file->facts.st_size != 6);
  EXPECT_EQ(root.open("css/site.css", false)->facts.st_size, 6);
}

/// A file is looked at once in each millisecond.
void await_next_look() {
  for (const std::int64_t now = monotonic_ms(); monotonic_ms() == now;) {
  }
}

TEST_F(AtHandTest, ServesWithoutTheThreadPoolAndSeesChanges) {
  std::string last;
  const auto at_hand = [&](const std::string& target) {
    for (int attempt = 0; attempt < 300; ++attempt) {
      const int before = client().host.offloaded;
      last = client().get(target);
      if (client().host.offloaded == before) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  };
  ASSERT_TRUE(at_hand("/css/site.css")) << "the temporary directory must be on a disk";
  EXPECT_EQ(body_of(last), "body{}");
  const std::string first_tag = field_of(last, "ETag");
  ASSERT_TRUE(at_hand("/sub/"));
  EXPECT_EQ(body_of(last), "sub");
  write(web / "css/site.css", "body{margin:0}");
  await_next_look();
  const std::string changed = client().get("/css/site.css");
  EXPECT_EQ(body_of(changed), "body{margin:0}");
  EXPECT_NE(field_of(changed, "ETag"), first_tag);
  ASSERT_TRUE(at_hand("/css/site.css"));
  EXPECT_EQ(last, changed);
  EXPECT_EQ(status_of(client().get("/css/site.css", "If-None-Match: " + field_of(last, "ETag") + "\r\n")), 304);
  EXPECT_EQ(body_of(client().get("/css/site.css", "Range: bytes=5-10\r\n")), "margin");
  EXPECT_EQ(status_of(client().get("/css/site.css", "Range: bytes=99-\r\n")), 416);
  const std::string head = client().ask("HEAD /css/site.css HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(field_of(head, "Content-Length"), "14");
  EXPECT_EQ(body_of(head), "");
}

TEST_F(AtHandTest, SeesWhatBecameOfAFileWhoseAnswerIsReady) {
  for (const std::string name : {"a", "b", "c", "d"}) write(web / name, "first " + name);
  write(web / "sub/other", "other a");
  const auto ready = [&](const std::string& target) {
    for (int attempt = 0; attempt < 300; ++attempt) {
      const int before = client().host.offloaded;
      client().get(target);
      client().get(target);
      if (client().host.offloaded == before) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  };
  ASSERT_TRUE(ready("/a"));
  const std::string whole = client().get("/a");
  EXPECT_EQ(body_of(whole), "first a");
  EXPECT_EQ(field_of(whole, "Content-Length"), "7");
  EXPECT_EQ(field_of(whole, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(body_of(client().get("/a", "Range: bytes=0-4\r\n")), "first");
  EXPECT_EQ(status_of(client().get("/a", "If-None-Match: " + field_of(whole, "ETag") + "\r\n")), 304);
  EXPECT_EQ(status_of(client().ask("DELETE /a HTTP/1.1\r\nHost: a\r\n\r\n")), 405);

  const auto time = fs::last_write_time(web / "a");
  fs::rename(web / "sub/other", web / "a");
  fs::last_write_time(web / "a", time);
  await_next_look();
  EXPECT_EQ(body("/a"), "other a") << "another file of the same size and time";

  ASSERT_TRUE(ready("/b"));
  const auto time_b = fs::last_write_time(web / "b");
  std::ofstream(web / "b") << "other b";
  fs::last_write_time(web / "b", time_b);
  await_next_look();
  EXPECT_EQ(body("/b"), "other b") << "the same file with its old time of modification";

  ASSERT_TRUE(ready("/c"));
  fs::remove(web / "c");
  await_next_look();
  EXPECT_EQ(status("/c"), 404);

  ASSERT_TRUE(ready("/d"));
  fs::create_hard_link(web / "d", node / "d");
  await_next_look();
  EXPECT_EQ(status("/d"), 404) << "it belongs to the node now";
}

}  // namespace
}  // namespace transom::serve
