#include "serve/site.h"

#include <gtest/gtest.h>

#include "serve/fake_http.h"

namespace transom::serve {
namespace {

PathConfig json(const char* text) {
  JsonConfig config;
  config.value = text;
  return {config};
}

TEST(Site, ResolvesComponentByComponent) {
  TransportConfig config;
  auto inner = std::make_shared<PathMap>();
  (*inner)["x"] = json("inner x");
  (*inner)["ws"].service = WebSocketConfig{"", {wamp::SerializerId::json}, {}, {}};
  auto rooted = std::make_shared<PathMap>();
  (*rooted)["/"] = json("rooted");
  config.paths["/"] = json("root");
  config.paths["a"] = json("a");
  config.paths["n"].service = NestedConfig{inner};
  config.paths["r"].service = NestedConfig{rooted};
  const Site site(config, {});
  const auto rest = [&site](std::string_view path) {
    const auto match = site.resolve(path);
    return match.service == nullptr && match.websocket == nullptr ? "none" : std::string(match.rest);
  };
  EXPECT_EQ(rest("/"), "");
  EXPECT_EQ(rest("/b/c"), "b/c");
  EXPECT_EQ(rest("/a"), "");
  EXPECT_EQ(rest("/a/b"), "b");
  EXPECT_EQ(rest("/ab"), "ab");
  EXPECT_EQ(rest("/n"), "none");  // never the outer "/"
  EXPECT_EQ(rest("/n/y"), "none");
  EXPECT_EQ(rest("/n/x/y/"), "y/");
  EXPECT_EQ(rest("/r/y"), "y");
  EXPECT_NE(site.resolve("/n/ws").websocket, nullptr);
  EXPECT_NE(site.resolve("/n/x").service, site.resolve("/").service);
}

TEST(Site, SimpleServices) {
  TransportConfig config;
  JsonConfig pretty;
  pretty.value = {{"k", "v"}};
  pretty.prettify = pretty.discourage_caching = true;
  pretty.allow_cross_origin = false;
  config.paths["p"].service = pretty;
  config.paths["c"] = json("c");
  config.paths["go"].service = RedirectConfig{"https://example.com/\r\nX: y"};
  config.paths["info"].service = NodeinfoConfig{};
  config.paths["lp"].service = NotBuiltConfig{"longpoll"};
  config.paths["/"].service = WelcomePageConfig{};
  SiteContext context;
  context.node_directory = "/srv/secret-place";
  context.realm_count = 3;
  const Site site(config, context);
  HttpClient client(site);

  EXPECT_EQ(body_of(client.get("/p")), "{\n  \"k\": \"v\"\n}");
  EXPECT_EQ(field_of(client.get("/p"), "Access-Control-Allow-Origin"), "");
  EXPECT_NE(field_of(client.get("/p"), "Cache-Control").find("no-store"), std::string::npos);
  EXPECT_EQ(field_of(client.get("/c"), "Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(status_of(client.get("/c/more")), 404);
  const std::string redirect = client.get("/go");
  EXPECT_EQ(status_of(redirect), 302);
  EXPECT_EQ(field_of(redirect, "Location"), "https://example.com/X: y");  // no field of its own
  EXPECT_EQ(status_of(client.get("/lp/open")), 501);
  const std::string info = client.get("/info");
  EXPECT_NE(info.find("<td>3</td>"), std::string::npos);
  EXPECT_EQ(info.find("secret-place"), std::string::npos);
  EXPECT_EQ(status_of(client.get("/favicon.ico")), 404);
}

TEST(Site, WelcomePageAllowsItsOwnScriptOnly) {
  TransportConfig config;
  config.paths["/"].service = WelcomePageConfig{};
  const Site site(config, {});
  HttpClient client(site);
  const std::string page = client.get("/");
  EXPECT_EQ(status_of(page), 200);
  const std::string policy = field_of(page, "Content-Security-Policy");
  EXPECT_NE(policy.find("default-src 'none'; script-src 'sha256-"), std::string::npos);
  EXPECT_NE(policy.find("connect-src 'self' wss://localhost"), std::string::npos);
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  for (const char* outside : {"src=\"http", "href=\"http", "@import", "url(http"})
    EXPECT_EQ(page.find(outside), std::string::npos) << outside;
}

}  // namespace
}  // namespace transom::serve
