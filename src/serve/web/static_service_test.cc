#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "serve/fake_http.h"
#include "serve/web/static_root.h"

namespace transom::serve {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& path, const std::string& content) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

fs::path make_directory() {
  std::string pattern = (fs::temp_directory_path() / "transom_static_XXXXXX").string();
  return fs::canonical(::mkdtemp(pattern.data()));
}

/// top/web: the configured root; top/node: the node directory with the key; top/outside: none of our business.
class StaticTest : public testing::Test {
 protected:
  StaticTest() {
    write(web / "index.html", "<h1>home</h1>");
    write(web / "css/site.css", "body{}");
    write(web / "with space & <b>.txt", "odd");
    write(web / "sub/index.html", "sub");
    write(web / "empty/only.txt", "only");
    write(web / ".secret", "dot");
    write(web / ".git/config", "dot");
    write(web / ".well-known/acme-challenge/token", "token");
    write(web / "sub/.well-known/token", "no");
    write(node / "config.json", "{}");
    write(node / "server_key.pem", "PRIVATE KEY");
    write(top / "outside/passwd", "root");
    write(top / "keys/other_key.pem", "PRIVATE KEY 2");
    files.directory = web.string();
    context.node_directory = node.string();
    context.protected_files = {(node / "server_key.pem").string(), (top / "keys/other_key.pem").string()};
  }
  ~StaticTest() override { fs::remove_all(top); }

  HttpClient& client() {
    if (!site_) {
      config.paths["/"].service = files;
      config.paths["below"].service = files;
      site_ = std::make_unique<Site>(config, context);
      client_ = std::make_unique<HttpClient>(*site_);
    }
    return *client_;
  }
  int status(const std::string& target) { return status_of(client().get(target)); }
  std::string body(const std::string& target) { return body_of(client().get(target)); }

  const fs::path top = make_directory();
  const fs::path web = top / "web", node = top / "node";
  TransportConfig config;
  StaticConfig files;
  SiteContext context;

 private:
  std::unique_ptr<Site> site_;
  std::unique_ptr<HttpClient> client_;
};

TEST_F(StaticTest, ServesFilesAndIndexes) {
  const std::string page = client().get("/");
  EXPECT_EQ(status_of(page), 200);
  EXPECT_EQ(body_of(page), "<h1>home</h1>");
  EXPECT_EQ(field_of(page, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(field_of(page, "Cache-Control"), "public, max-age=43200");
  EXPECT_EQ(field_of(page, "Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(field_of(page, "X-Content-Type-Options"), "nosniff");
  EXPECT_NE(field_of(page, "ETag"), "");
  EXPECT_EQ(body("/css/site.css"), "body{}");
  EXPECT_EQ(body("/with%20space%20%26%20%3Cb%3E.txt"), "odd");
  EXPECT_EQ(body("/sub/"), "sub");
  EXPECT_EQ(body("/below/sub/"), "sub");
  EXPECT_EQ(status("/nothing"), 404);
  EXPECT_EQ(status("/css/"), 404);
  EXPECT_EQ(status("/index.html/"), 404);
  EXPECT_EQ(status("/index.html/x"), 404);
  EXPECT_EQ(status("/" + std::string(5000, 'a')), 404);
  EXPECT_EQ(status_of(client().ask("DELETE /index.html HTTP/1.1\r\nHost: a\r\n\r\n")), 405);
}

TEST_F(StaticTest, NotFoundPageTellsNothing) {
  const std::string page = client().get("/nothing");
  EXPECT_EQ(page.find(top.string()), std::string::npos);
  EXPECT_EQ(page.find("nothing.html"), std::string::npos);
  EXPECT_EQ(page.find(TRANSOM_VERSION), std::string::npos);
}

TEST_F(StaticTest, RedirectsDirectoriesToTheirSlash) {
  fs::create_directories(web / "ä b");
  EXPECT_EQ(field_of(client().get("/sub"), "Location"), "/sub/");
  EXPECT_EQ(field_of(client().get("/sub?a=1"), "Location"), "/sub/?a=1");
  EXPECT_EQ(field_of(client().get("/below"), "Location"), "/below/");
  EXPECT_EQ(field_of(client().get("/%C3%A4%20b"), "Location"), "/%C3%A4%20b/");
  for (const char* target : {"//evil.example", "//evil.example/%2e%2e", "/\\evil.example", "/%5Cevil.example"})
    EXPECT_FALSE(field_of(client().get(target), "Location").starts_with("//")) << target;
}

TEST_F(StaticTest, NeverOutsideByPath) {
  for (const char* target :
       {"/../outside/passwd", "/%2e%2e/outside/passwd", "/..%2foutside/passwd", "/css/../../outside/passwd",
        "/%2e%2e%2foutside%2fpasswd", "/..%5coutside/passwd", "/%252e%252e/outside/passwd", "/css/..;/outside/passwd",
        "/index.html%00.css", "/%c0%ae%c0%ae/outside/passwd", "//etc/passwd", "/./.secret", "/%2esecret"}) {
    client().reconnect();
    const int code = status(target);
    EXPECT_TRUE(code == 400 || code == 404) << target << " " << code;
  }
}

TEST_F(StaticTest, HiddenFiles) {
  EXPECT_EQ(status("/.secret"), 404);
  EXPECT_EQ(status("/.git/config"), 404);
  EXPECT_EQ(body("/.well-known/acme-challenge/token"), "token");
  EXPECT_EQ(status("/sub/.well-known/token"), 404);
  EXPECT_EQ(status("/below/.well-known/acme-challenge/token"), 404);
  fs::create_symlink(".secret", web / "shown");
  EXPECT_EQ(status("/shown"), 404);  // no link leads to one either
}

TEST_F(StaticTest, HiddenFilesOnRequest) {
  files.serve_dotfiles = true;
  EXPECT_EQ(body("/.secret"), "dot");
  EXPECT_EQ(body("/.git/config"), "dot");
}

TEST_F(StaticTest, SymlinksStayInside) {
  fs::create_symlink("css/site.css", web / "inside.css");
  fs::create_symlink("../outside/passwd", web / "out");
  fs::create_symlink(top / "outside", web / "outdir");
  fs::create_symlink("/proc/self/environ", web / "environ");
  fs::create_symlink("loop", web / "loop");
  fs::create_symlink("css/../index.html", web / "around");
  EXPECT_EQ(body("/inside.css"), "body{}");
  EXPECT_EQ(body("/around"), "<h1>home</h1>");
  EXPECT_EQ(status("/out"), 404);
  EXPECT_EQ(status("/outdir/passwd"), 404);
  EXPECT_EQ(status("/environ"), 404);
  EXPECT_EQ(status("/loop"), 404);
}

TEST_F(StaticTest, SymlinksOutOnRequestButNeverToTheNode) {
  files.follow_symlinks = true;
  fs::create_symlink("../outside/passwd", web / "out");
  fs::create_symlink("../node/config.json", web / "config");
  fs::create_symlink("../node", web / "nodedir");
  fs::create_symlink("../keys/other_key.pem", web / "key");
  fs::create_symlink("/proc/self/fd/0", web / "magic");
  EXPECT_EQ(body("/out"), "root");
  EXPECT_EQ(status("/config"), 404);
  EXPECT_EQ(status("/nodedir/config.json"), 404);
  EXPECT_EQ(status("/nodedir/"), 404);
  EXPECT_EQ(status("/key"), 404);
  EXPECT_EQ(status("/magic"), 404);
}

TEST_F(StaticTest, RootAboveTheNodeDirectory) {
  files.directory = (node / "..").string();  // as in the note of 2014
  files.enable_directory_listing = true;
  EXPECT_EQ(status("/node/server_key.pem"), 404);
  EXPECT_EQ(status("/node/config.json"), 404);
  EXPECT_EQ(status("/node/"), 404);
  EXPECT_EQ(status("/keys/other_key.pem"), 404);
  EXPECT_EQ(body("/outside/passwd"), "root");
  EXPECT_EQ(client().get("/").find("node/"), std::string::npos);
  EXPECT_EQ(client().get("/keys/").find("other_key"), std::string::npos);
}

TEST_F(StaticTest, RootInsideTheNodeDirectory) {
  write(node / "web/index.html", "in node");
  write(node / "web/key/.keep", "");
  fs::create_symlink("../config.json", node / "web/config.json");
  files.directory = (node / "web").string();
  files.follow_symlinks = true;
  EXPECT_EQ(body("/"), "in node");
  EXPECT_EQ(status("/config.json"), 404);
}

TEST_F(StaticTest, RootThatIsTheNodeDirectoryKeepsItsKey) {
  files.directory = node.string();
  EXPECT_EQ(status("/server_key.pem"), 404);
  EXPECT_EQ(status("/config.json"), 200);  // not protected in this test: the node names it
}

TEST_F(StaticTest, HardLinks) {
  fs::create_hard_link(node / "server_key.pem", web / "key.txt");
  fs::create_hard_link(top / "keys/other_key.pem", web / "other.txt");
  fs::create_hard_link(node / "config.json", web / "config.txt");
  fs::create_hard_link(top / "outside/passwd", web / "passwd.txt");
  EXPECT_EQ(status("/key.txt"), 404);
  EXPECT_EQ(status("/other.txt"), 404);
  EXPECT_EQ(status("/config.txt"), 404);
  EXPECT_EQ(body("/passwd.txt"), "root");
}

TEST_F(StaticTest, ProtectedDirectory) {
  write(web / "store/cookies.db", "c");
  context.protected_files.push_back((web / "store").string());
  EXPECT_EQ(status("/store/cookies.db"), 404);
}

TEST_F(StaticTest, SpecialFilesAreNotOpened) {
  ASSERT_EQ(::mkfifo((web / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(status("/fifo"), 404);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", (web / "socket").c_str());
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(status("/socket"), 404);
  ::close(fd);
}

TEST_F(StaticTest, WithoutOpenat2NoSymlinkAtAll) {
  fs::create_symlink("css/site.css", web / "inside.css");
  fs::create_symlink("css", web / "style");
  fs::create_symlink("../outside/passwd", web / "out");
  const StaticRoot root(files, context, StaticRoot::Method::walk);
  EXPECT_TRUE(root.open("css/site.css", false));
  EXPECT_TRUE(root.open("", false));
  EXPECT_TRUE(root.open("sub/", false));
  for (const char* rest : {"inside.css", "style/site.css", "out", "../outside/passwd", "css/../../outside/passwd",
                           "nothing", ".secret", "index.html/"})
    EXPECT_FALSE(root.open(rest, false)) << rest;
}

TEST_F(StaticTest, MissingDirectoryIsNoError) {
  files.directory = (top / "later").string();
  EXPECT_EQ(status("/"), 404);
  write(top / "later/index.html", "now");
  EXPECT_EQ(body("/"), "now");
}

TEST_F(StaticTest, Listing) {
  files.enable_directory_listing = true;
  write(web / "list/<script>.txt", "");
  write(web / "list/.hidden", "");
  write(web / "list/deep/x", "");
  fs::create_symlink("../../outside/passwd", web / "list/out");
  const std::string page = body("/list/");
  EXPECT_NE(page.find("<a href=\"./deep/\">deep/</a>"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;.txt"), std::string::npos);
  EXPECT_EQ(page.find("<script>"), std::string::npos);
  EXPECT_EQ(page.find("hidden"), std::string::npos);
  EXPECT_EQ(page.find("out"), std::string::npos);
  EXPECT_EQ(body("/sub/"), "sub");  // the index goes first
}

TEST_F(StaticTest, DefaultFileForSinglePageApplications) {
  files.default_file = "index.html";
  EXPECT_EQ(body("/app/route/7"), "<h1>home</h1>");
  EXPECT_EQ(status("/app/route/7"), 200);
  EXPECT_EQ(body("/css/site.css"), "body{}");
}

TEST_F(StaticTest, RangesAndConditions) {
  const std::string part = client().get("/index.html", "Range: bytes=4-7\r\n");
  EXPECT_EQ(status_of(part), 206);
  EXPECT_EQ(body_of(part), "home");
  EXPECT_EQ(field_of(part, "Content-Range"), "bytes 4-7/13");
  EXPECT_EQ(field_of(part, "Content-Length"), "4");
  const std::string none = client().get("/index.html", "Range: bytes=99-\r\n");
  EXPECT_EQ(status_of(none), 416);
  EXPECT_EQ(field_of(none, "Content-Range"), "bytes */13");
  const std::string cached = client().get("/index.html", "If-None-Match: " + field_of(part, "ETag") + "\r\n");
  EXPECT_EQ(status_of(cached), 304);
  EXPECT_EQ(body_of(cached), "");
  EXPECT_EQ(field_of(cached, "Content-Length"), "");
  EXPECT_EQ(field_of(cached, "ETag"), field_of(part, "ETag"));
  const std::string head = client().ask("HEAD /index.html HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(field_of(head, "Content-Length"), "13");
  EXPECT_EQ(body_of(head), "");
}

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

class BigFileTest : public StaticTest {
 protected:
  BigFileTest() {
    content.reserve(kSize);
    for (std::size_t i = 0; content.size() < kSize; ++i) content += std::to_string(i * 7919) + ",";
    content.resize(kSize);
    write(web / "big.bin", content);
  }
  static constexpr std::size_t kSize = 3'000'001;
  std::string content;
};

TEST_F(BigFileTest, IsStreamedWhole) {
  const std::string response = client().get("/big.bin");
  EXPECT_EQ(field_of(response, "Content-Length"), std::to_string(kSize));
  EXPECT_TRUE(body_of(response) == content);
  const std::string part = client().get("/big.bin", "Range: bytes=100000-2000000\r\n");
  EXPECT_TRUE(body_of(part) == content.substr(100'000, 1'900'001));
  EXPECT_EQ(status_of(client().get("/index.html")), 200);  // the connection goes on
}

TEST_F(BigFileTest, QueueStaysBounded) {
  FakeConnection& connection = *client().connection;
  connection.stalled = true;
  std::string all = client().get("/big.bin");
  std::size_t turns = 0;
  for (; connection.queued > 0 && turns < 100; ++turns) {
    EXPECT_LE(connection.queued, HttpConnection::kDrainMark + HttpLayer::kPiece + 1000);
    EXPECT_TRUE(client().host.waiting.empty());  // nothing is read ahead
    connection.queued = 0;
    client().layer->on_drained();
    client().host.run_all();
    all += connection.take();
  }
  EXPECT_GT(turns, 5u);
  EXPECT_TRUE(body_of(all) == content);
}

TEST_F(BigFileTest, ShrinkingFileDropsTheConnection) {
  FakeConnection& connection = *client().connection;
  client().feed("GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n");
  client().host.run_one();  // opened
  client().host.run_one();  // the first piece
  fs::resize_file(web / "big.bin", 300'000);
  client().host.run_all();
  EXPECT_EQ(connection.aborted, CloseReason::internal_error);
  EXPECT_LT(connection.sent.size(), kSize);
}

TEST_F(BigFileTest, OtherConnectionsHaveTheirTurn) {
  client().feed("GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n");
  client().host.run_one();
  EXPECT_LE(client().connection->sent.size(), HttpLayer::kPieceAtHand + 1000);
  client().host.run_all();
  EXPECT_TRUE(body_of(client().connection->take()) == content);
}

TEST_F(BigFileTest, PipelinedDownloadsFollowOneAnother) {
  const std::string request = "GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string all = client().ask(request + request + "GET /css/site.css HTTP/1.1\r\nHost: a\r\n\r\n" + request);
  const std::size_t second = all.find("HTTP/1.1 200", 100);
  EXPECT_TRUE(body_of(all.substr(0, second)) == content);
  EXPECT_TRUE(body_of(all.substr(all.rfind("HTTP/1.1 200"))) == content);
  EXPECT_GT(all.size(), 3 * kSize);
}

TEST_F(BigFileTest, ClientThatLeavesStopsTheReading) {
  client().feed("GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n");
  client().host.run_one();
  client().host.run_one();
  client().layer->on_closed(CloseReason::peer_reset);
  client().layer.reset();
  client().host.run_one();
  EXPECT_TRUE(client().host.waiting.empty());
}

TEST_F(BigFileTest, ClientThatTakesNothingIsGivenUp) {
  FakeConnection& connection = *client().connection;
  connection.stalled = true;
  client().get("/big.bin");
  client().layer->on_deadline();
  EXPECT_FALSE(connection.aborted);
  connection.queued -= 1000;  // slow, but alive
  client().layer->on_deadline();
  EXPECT_FALSE(connection.aborted);
  client().layer->on_deadline();
  EXPECT_EQ(connection.aborted, CloseReason::slow_consumer);
}

}  // namespace
}  // namespace transom::serve
