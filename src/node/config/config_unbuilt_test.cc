// Keys of what is not built: a convenience is warned of once, what restricts access makes `start` refuse.
#include <gmock/gmock.h>

#include "node/config/config_test_support.h"

namespace transom::node::test {
namespace {

struct Case {
  std::string text, path, fragment;
};

const std::string kTransport = "workers[0].transports[0]";
const std::string kAuth = kTransport + ".auth.";
const std::string kRole = "workers[0].realms[0].roles[0].";

TEST(UnbuiltConfig, WhatRestrictsIsValidButRefused) {
  const Case cases[] = {
      {"{\"version\": 2, \"workers\": [^{\"type\": \"container\", \"components\": []}]}", "workers[0]", "container"},
      {"{\"version\": 2, \"workers\": [^{\"type\": \"guest\", \"executable\": \"a\"}]}", "workers[0]", "guest"},
      {"{\"version\": 2, \"workers\": [^{\"type\": \"proxy\", \"routes\": {}}]}", "workers[0]", "proxy"},
      {"{\"version\": 2, \"workers\": [^{\"type\": \"websocket-testee\"}]}", "workers[0]", "testee"},
      {in_worker("\"components\": ^[{\"type\": \"class\"}]"), "workers[0].components", "components"},
      {in_realm("\"roles\": [{\"name\": \"a\", \"authorizer\": ^\"com.auth\"}]"), kRole + "authorizer", "permissions"},
      {in_realm("\"roles\": [{\"name\": \"a\", \"permissions\": [{\"uri\": \"a\", \"validate\": ^{\"x\": 1}}]}]"),
       kRole + "permissions[0].validate", "validate"},
      {in_auth("\"wampcra\": ^{\"type\": \"static\"}"), kAuth + "wampcra", "wampcra"},
      {in_auth("\"scram\": ^{\"type\": \"static\"}"), kAuth + "scram", "scram"},
      {in_auth("\"cryptosign\": ^{\"type\": \"static\"}"), kAuth + "cryptosign", "cryptosign"},
      {in_auth("\"cookie\": ^{}"), kAuth + "cookie", "cookie"},
      {in_auth("\"cryptosign-proxy\": ^{}"), kAuth + "cryptosign-proxy", "cryptosign-proxy"},
      {in_auth("\"anonymous-proxy\": ^{}"), kAuth + "anonymous-proxy", "anonymous-proxy"},
      {in_auth("\"ticket\": ^{\"type\": \"dynamic\", \"authenticator\": \"a.b\"}"), kAuth + "ticket", "dynamic"},
      {in_auth("\"ticket\": ^{\"type\": \"function\", \"create\": \"a.b\"}"), kAuth + "ticket", "function"},
      {in_auth("\"anonymous\": ^{\"type\": \"dynamic\", \"authenticator\": \"a.b\"}"), kAuth + "anonymous", "dynamic"},
      {in_endpoint("\"type\": \"tcp\", \"portrange\": ^[1, 2]"), kTransport + ".endpoint.portrange", "one transport"},
      {in_transports("{\"type\": \"websocket\", \"endpoint\": ^{\"type\": \"onion\", \"port\": 1}}"),
       kTransport + ".endpoint", "onion"},
      {in_transports("{\"type\": \"websocket\", \"endpoint\": ^{\"type\": \"twisted\", \"server_string\": \"a\"}}"),
       kTransport + ".endpoint", "twisted"},
  };
  for (const Case& unbuilt : cases) {
    const MarkedText marked(unbuilt.text);
    const LoadedConfig loaded = load_json(marked.text);
    EXPECT_TRUE(has(loaded, Diagnostic::Severity::unsupported, marked.at, unbuilt.path, unbuilt.fragment));
    EXPECT_TRUE(loaded.ok()) << describe(loaded);
    EXPECT_FALSE(loaded.startable());
    EXPECT_NE(describe(loaded).find("valid, not yet supported"), std::string::npos);
  }
}

TEST(UnbuiltConfig, CookieFlagsRestrict) {
  for (const char* flag : {"secure", "http_strict", "same_site"}) {
    const MarkedText marked(in_websocket(
        std::string("\"options\": {\"allowed_origins\": [\"http://a\"]}, \"cookie\": {\"store\": {\"type\": \"file\", "
                    "\"filename\": \"cookies.dat\"}, \"") +
        flag + "\": ^" + (flag == std::string("same_site") ? "\"Strict\"" : "true") + "}"));
    const LoadedConfig loaded = load_json(marked.text);
    EXPECT_TRUE(has(loaded, Diagnostic::Severity::unsupported, marked.at, kTransport + ".cookie." + flag, flag));
    EXPECT_TRUE(loaded.ok()) << describe(loaded);
    EXPECT_THAT(loaded.config.protected_files, ::testing::Contains("/srv/node/cookies.dat"));
  }
}

TEST(UnbuiltConfig, MethodsThatAreNotBuiltLetNobodyIn) {
  const LoadedConfig loaded = load_json(in_auth("\"wampcra\": {\"type\": \"static\"}"));
  const auto& auth = loaded.config.workers.at(0).transports.at(0).websocket->auth;
  ASSERT_TRUE(auth);
  EXPECT_FALSE(auth->anonymous || auth->ticket);
}

TEST(UnbuiltConfig, ConveniencesAreWarnedOf) {
  const Case cases[] = {
      {"{\"version\": 2, \"controller\": {\"manhole\": ^{\"a\": 1}}}", "controller.manhole", "not built yet"},
      {"{\"version\": 2, \"controller\": {\"keyring\": ^{\"a\": 1}}}", "controller.keyring", "not built yet"},
      {"{\"version\": 2, \"controller\": {\"options\": {\"shutdown\": ^\"shutdown_on_worker_exit\"}}}",
       "controller.options.shutdown", "no effect"},
      {in_worker("\"manhole\": ^{\"a\": 1}"), "workers[0].manhole", "not built yet"},
      {in_worker("\"connections\": ^[1]"), "workers[0].connections", "not built yet"},
      {in_worker("\"options\": {\"cpu_affinity\": ^[0]}"), "workers[0].options.cpu_affinity", "not built yet"},
      {in_realm("\"store\": ^{\"type\": \"memory\"}"), "workers[0].realms[0].store", "not built yet"},
      {in_realm("\"stats\": ^{\"a\": 1}"), "workers[0].realms[0].stats", "not built yet"},
      {in_realm("\"inventory\": ^{\"a\": 1}"), "workers[0].realms[0].inventory", "not built yet"},
      {in_realm("\"rlinks\": ^[1]"), "workers[0].realms[0].rlinks", "not built yet"},
      {in_realm("\"options\": {\"enable_meta_api\": ^true}"), "workers[0].realms[0].options.enable_meta_api",
       "meta API"},
      {in_realm("\"options\": {\"bridge_meta_api\": ^true}"), "workers[0].realms[0].options.bridge_meta_api",
       "meta API"},
      {in_transports("^{\"type\": \"rawsocket\", \"endpoint\": {}, \"auth\": {}}"), kTransport, "rawsocket"},
      {in_transports("^{\"type\": \"universal\", \"endpoint\": {}}"), kTransport, "universal"},
      {in_transports("^{\"type\": \"mqtt\", \"endpoint\": {}}"), kTransport, "mqtt"},
      {in_transports("^{\"type\": \"flashpolicy\", \"endpoint\": {}}"), kTransport, "flashpolicy"},
      {in_transports("^{\"type\": \"websocket.testee\", \"endpoint\": {}}"), kTransport, "testee"},
      {in_transports("^{\"type\": \"stream.testee\", \"endpoint\": {}}"), kTransport, "testee"},
      {in_websocket("\"serializers\": [\"json\", ^\"ubjson\"]"), kTransport + ".serializers[1]", "ubjson"},
      {in_websocket("\"serializers\": [\"json\", ^\"flatbuffers\"]"), kTransport + ".serializers[1]", "flatbuffers"},
      {in_options("\"compression\": ^{\"deflate\": {}}"), kTransport + ".options.compression", "not built yet"},
      {in_options("\"validate_utf8\": ^false"), kTransport + ".options.validate_utf8", "stays true"},
      {in_options("\"mask_server_frames\": ^true"), kTransport + ".options.mask_server_frames", "stays false"},
      {in_options("\"apply_mask\": ^false"), kTransport + ".options.apply_mask", "stays true"},
      {in_options("\"enable_flash_policy\": ^true"), kTransport + ".options.enable_flash_policy", "stays false"},
      {in_options("\"auto_ping_restart_on_any_traffic\": ^false"),
       kTransport + ".options.auto_ping_restart_on_any_traffic", "stays true"},
      {in_websocket(
           "\"options\": {\"allowed_origins\": [\"http://a\"]}, \"cookie\": ^{\"store\": {\"type\": \"memory\"}}"),
       kTransport + ".cookie", "no cookie is set"},
  };
  for (const Case& unbuilt : cases) {
    const MarkedText marked(unbuilt.text);
    const LoadedConfig loaded = load_json(marked.text);
    EXPECT_TRUE(has(loaded, Diagnostic::Severity::warning, marked.at, unbuilt.path, unbuilt.fragment)) << marked.text;
    EXPECT_TRUE(loaded.startable()) << describe(loaded);
  }
}

TEST(UnbuiltConfig, ServicesKeepTheirPath) {
  for (const char* type : {"longpoll", "caller", "publisher", "webhook", "reverseproxy", "websocket-reverseproxy",
                           "cgi", "archive", "wap", "catalog", "upload", "schemadoc", "none"}) {
    const MarkedText marked(in_paths(std::string("\"x\": ^{\"type\": \"") + type + "\"}"));
    const LoadedConfig loaded = load_json(marked.text);
    EXPECT_TRUE(has(loaded, Diagnostic::Severity::warning, marked.at, kTransport + ".paths.x", type));
    ASSERT_TRUE(loaded.startable()) << describe(loaded);
    const auto& path = loaded.config.workers.at(0).transports.at(0).paths.at("x");
    EXPECT_EQ(std::get<serve::NotBuiltConfig>(path.service).type, type);
  }
  const LoadedConfig package = load_json(in_paths(R"("x": {"type": "static", "package": "a", "resource": "b"})"));
  EXPECT_TRUE(package.startable()) << describe(package);
  EXPECT_NE(describe(package).find("Python package"), std::string::npos);
}

TEST(UnbuiltConfig, OneWarningForManyPlaces) {
  const LoadedConfig loaded =
      load_json(in_paths(R"("a": {"type": "longpoll"}, "b": {"type": "longpoll"}, "c": {"type": "longpoll"})"));
  EXPECT_EQ(loaded.count(Diagnostic::Severity::warning), 1u);
  EXPECT_NE(describe(loaded).find("(in 3 places)"), std::string::npos);
}

TEST(UnbuiltConfig, TheirKeysAreProtectedToo) {
  const LoadedConfig loaded = load_json(in_transports(
      R"({"type": "rawsocket", "endpoint": {"type": "tcp", "port": 1, "tls": {"key": "raw.pem", "certificate": "c",
          "certificates": [{"key": "second.pem", "key_passphrase": {"file": "secret"}}]}}})"));
  for (const char* file : {"/srv/node/raw.pem", "/srv/node/second.pem", "/srv/node/secret"}) {
    EXPECT_THAT(loaded.config.protected_files, ::testing::Contains(file));
  }
}

TEST(UnbuiltConfig, DoubtsAreWarnings) {
  const Case cases[] = {
      {in_auth("\"anonymous\": {\"type\": \"static\", \"role\": ^\"anonymus\"}"), kAuth + "anonymous.role",
       "role \"anonymus\" is not defined in any realm of this worker"},
      {in_auth("\"anonymous\": {\"type\": \"static\", \"realm\": \"realm1\", \"role\": ^\"x\"}"),
       kAuth + "anonymous.role", "role \"x\" is not defined in realm \"realm1\""},
      {in_auth("\"anonymous\": ^{\"type\": \"static\", \"realm\": \"realm2\"}"), kAuth + "anonymous",
       "did you mean \"realm1\"?"},
      {"{\"version\": 2, \"workers\": [^{\"type\": \"router\", \"transports\": [{\"type\": \"websocket\", "
       "\"endpoint\": "
       "{\"type\": \"tcp\", \"port\": 1}}]}]}",
       "workers[0]", "no realm"},
      {in_transports("{\"type\": \"web\", \"endpoint\": {\"type\": \"tcp\", \"port\": 1}, \"paths\": ^{}}"),
       kTransport + ".paths", "no \"/\""},
      {in_transports(
           "{\"type\": \"web\", \"endpoint\": {\"type\": \"tcp\", \"port\": 1}, \"paths\": {\"/\": {\"type\": "
           "\"nodeinfo\"}}, \"options\": {\"hsts\": ^true}}"),
       kTransport + ".options.hsts", "over TLS"},
      {in_transports("^{\"type\": \"websocket\", \"endpoint\": {\"type\": \"tcp\", \"port\": 1}}"), kTransport,
       "\"allowed_origins\" is not set"},
      {in_websocket("\"options\": {\"allowed_origins\": [^\"example.com\"]}"),
       kTransport + ".options.allowed_origins[0]", "matches no origin"},
  };
  for (const Case& doubt : cases) {
    const MarkedText marked(doubt.text);
    const LoadedConfig loaded = load_json(marked.text);
    EXPECT_TRUE(has(loaded, Diagnostic::Severity::warning, marked.at, doubt.path, doubt.fragment)) << marked.text;
    EXPECT_TRUE(loaded.startable()) << describe(loaded);
  }
}

}  // namespace
}  // namespace transom::node::test
