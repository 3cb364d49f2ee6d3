#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "serve/web/static_root.h"
#include "serve/web/static_testing.h"

namespace transom::serve {
namespace {

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

}  // namespace
}  // namespace transom::serve
