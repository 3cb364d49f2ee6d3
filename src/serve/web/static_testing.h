// For tests of static files: a tree with a web root, a node directory and something outside of both.
#pragma once
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "serve/fake_http.h"
#include "serve/site.h"

namespace transom::serve {

namespace fs = std::filesystem;

namespace fs = std::filesystem;

inline void write(const fs::path& path, const std::string& content) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

inline fs::path make_directory() {
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

}  // namespace transom::serve
