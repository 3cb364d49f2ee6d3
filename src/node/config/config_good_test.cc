// Right configurations: what the structs hold afterwards.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "node/config/config_test_support.h"

namespace transom::node::test {
namespace {

using serve::EndpointConfig;
using ::testing::Contains;
using ::testing::ElementsAre;

std::string read(const std::string& name) {
  std::ifstream file("tests/config/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << "run in the top of the checkout";
  return text.str();
}

TEST(GoodConfig, EverythingOfTls) {
  const LoadedConfig loaded = load_json(in_endpoint(R"("type": "tcp", "port": 1, "tls": {
      "certificates": [{"key": "b.key", "certificate": "b.pem", "hostnames": ["WWW.example.com.", "*.example.org"],
                        "key_passphrase": {"credential": "b"}, "ocsp_staple": "b.der", "chain_certificates": ["i.pem"]}],
      "key": "a.key", "certificate": "a.pem", "key_passphrase": {"file": "a.secret"}, "ocsp_staple": "a.der",
      "dhparam": "auto", "groups": "P-384:X25519", "profile": "strict", "min_version": 1.3,
      "ca_certificates": ["ca.pem"], "verify_depth": 2, "crl": ["ca.crl"], "key_permissions": "warn",
      "session_tickets": {"rotate": 60, "key_files": ["ticket.key"]}, "ocsp_stapling": false})"));
  ASSERT_TRUE(loaded.startable()) << describe(loaded);
  const tls::ServerConfig& config = *loaded.config.workers.at(0).transports.at(0).endpoint.tls;
  ASSERT_EQ(config.certificates.size(), 2u);
  EXPECT_EQ(config.certificates[0].key_file, "/srv/node/a.key");
  EXPECT_EQ(config.certificates[0].passphrase.from, tls::PassphraseSource::From::file);
  EXPECT_EQ(config.certificates[0].staple_file, "/srv/node/a.der");
  EXPECT_THAT(config.certificates[1].server_names, ::testing::ElementsAre("www.example.com", "*.example.org"));
  EXPECT_EQ(config.certificates[1].passphrase.name, "b");
  EXPECT_TRUE(config.dhparam_auto && config.tls13_only && !config.stapling);
  EXPECT_THAT(config.groups, ::testing::ElementsAre("P-384", "X25519"));
  EXPECT_EQ(config.profile, tls::Profile::strict);
  EXPECT_EQ(config.client_auth.mode, tls::ClientAuth::required);
  EXPECT_EQ(config.client_auth.depth, 2);
  EXPECT_EQ(config.key_permissions, tls::KeyPermissions::warn);
  EXPECT_EQ(config.tickets.rotate_s, 60);
  EXPECT_THAT(describe(loaded), ::testing::HasSubstr("session_tickets.rotate: has no effect beside \"key_files\""));
  const auto files = files_of(config);
  EXPECT_EQ(files.size(), 11u);
  for (const std::string& file : files) {
    EXPECT_THAT(loaded.config.protected_files, ::testing::Contains(file));
  }
}

TEST(GoodConfig, PartsOfTls) {
  const auto load = [](const std::string& rest) {
    const LoadedConfig loaded = load_json(in_endpoint("\"type\": \"tcp\", \"port\": 1, \"tls\": {" + rest + "}"));
    EXPECT_TRUE(loaded.startable()) << describe(loaded);
    return *loaded.config.workers.at(0).transports.at(0).endpoint.tls;
  };
  const tls::ServerConfig listed = load(R"("certificates": [{"key": "a.key", "certificate": "a.pem"}])");
  ASSERT_EQ(listed.certificates.size(), 1u);
  EXPECT_EQ(listed.certificates[0].key_file, "/srv/node/a.key");
  EXPECT_EQ(listed.client_auth.mode, tls::ClientAuth::none);
  const std::string pair = R"("key": "a.key", "certificate": "a.pem", )";
  EXPECT_EQ(load(pair + R"("ca_certificates": ["c"], "client_auth": "optional")").client_auth.mode,
            tls::ClientAuth::optional);
  EXPECT_EQ(load(pair + R"("client_auth": "none")").client_auth.mode, tls::ClientAuth::none);
  EXPECT_FALSE(load(pair + R"("session_tickets": false)").tickets.enabled);
  EXPECT_THAT(load(pair + R"("groups": ["P-256"])").groups, ::testing::ElementsAre("P-256"));
  EXPECT_EQ(load(pair + R"("dhparam": "dh.pem", "min_version": "1.2")").dhparam_file, "/srv/node/dh.pem");
}

TEST(GoodConfig, EverythingOfTlsReloads) {
  std::vector<std::string> seen;
  const nlohmann::json described = describe_config_schema();
  const std::function<void(const nlohmann::json&)> expect_reload = [&](const nlohmann::json& table) {
    for (const auto& field : table["fields"]) {
      EXPECT_EQ(field["takes"], "reload") << field["name"];
      if (field.contains("nested") && field["nested"].contains("fields")) expect_reload(field["nested"]);
    }
  };
  const std::function<bool(const nlohmann::json&)> find = [&](const nlohmann::json& part) {
    if (part.is_object() && part.value("name", nlohmann::json()) == "tls" && part.contains("fields")) {
      expect_reload(part);
      return true;
    }
    return std::any_of(part.begin(), part.end(),
                       [&](const nlohmann::json& inner) { return inner.is_structured() && find(inner); });
  };
  EXPECT_TRUE(find(described));
}

TEST(GoodConfig, TheNoteOf2014) {
  const LoadedConfig loaded = load_json(read("note_2014.json"));
  ASSERT_TRUE(loaded.startable()) << describe(loaded);
  EXPECT_NE(describe(loaded).find("any web page may connect"), std::string::npos);
  const auto& transport = loaded.config.workers.at(0).transports.at(0);
  EXPECT_EQ(transport.id, "transport001");
  EXPECT_EQ(transport.worker_id, "worker001");
  EXPECT_EQ(transport.endpoint.port, 8443);
  ASSERT_TRUE(transport.endpoint.tls);
  EXPECT_EQ(transport.endpoint.tls->certificates.at(0).key_file, "/srv/node/server_key.pem");
  EXPECT_EQ(transport.endpoint.tls->dhparam_file, "/srv/node/dhparam.pem");
  EXPECT_EQ(std::get<serve::StaticConfig>(transport.paths.at("/").service).directory, "/srv");
  const auto& websocket = std::get<serve::WebSocketConfig>(transport.paths.at("ws").service);
  EXPECT_FALSE(websocket.auth);
  EXPECT_EQ(websocket.serializers.size(), 3u);
  EXPECT_EQ(websocket.options.max_message_size, 16u * 1024 * 1024);
  const auto& permission = loaded.config.workers.at(0).realms.at(0).roles.at(0).permissions.at(0);
  EXPECT_EQ(permission.uri, "");
  EXPECT_EQ(permission.match, wamp::Match::prefix);
  EXPECT_TRUE(permission.allow_call && permission.allow_publish);
  EXPECT_THAT(loaded.config.protected_files, ElementsAre("/srv/node/config.json", "/srv/node/dhparam.pem",
                                                         "/srv/node/server_cert.pem", "/srv/node/server_key.pem"));
}

TEST(GoodConfig, Production) {
  const LoadedConfig loaded =
      load_json(read("production.json"), {{"JOES_TICKET", "s3"}, {"WEB_PORT", "8001"}, {"SOCKETS", "run"}});
  ASSERT_TRUE(loaded.startable()) << describe(loaded);
  ASSERT_EQ(loaded.config.workers.size(), 2u);
  const WorkerConfig& main = loaded.config.workers[0];
  EXPECT_EQ(main.id, "main");
  EXPECT_EQ(loaded.config.workers[1].id, "worker001");
  EXPECT_EQ(main.realms.at(0).uri_check, wamp::UriCheck::strict);
  EXPECT_EQ(main.realms.at(0).roles.at(0).permissions.at(1).match, wamp::Match::wildcard);
  EXPECT_TRUE(main.realms.at(0).roles.at(0).permissions.at(1).disclose_caller);
  EXPECT_TRUE(main.realms.at(0).roles.at(1).allow_by_default);
  const auto& machines = main.transports.at(0);
  EXPECT_EQ(machines.id, "machines");
  EXPECT_EQ(machines.endpoint.family, EndpointConfig::Family::v6);
  EXPECT_THAT(machines.endpoint.interfaces, ElementsAre("::1"));
  EXPECT_THAT(machines.websocket->serializers, ElementsAre(wamp::SerializerId::msgpack, wamp::SerializerId::json));
  EXPECT_EQ(machines.websocket->auth->ticket->at("joe").ticket, "s3");
  EXPECT_FALSE(machines.websocket->auth->anonymous);
}

TEST(GoodConfig, ProductionsWebAndSocket) {
  const LoadedConfig loaded =
      load_json(read("production.json"), {{"JOES_TICKET", "s3"}, {"WEB_PORT", "8001"}, {"SOCKETS", "run"}});
  const WorkerConfig& main = loaded.config.workers.at(0);
  const auto& web = main.transports.at(1);
  EXPECT_EQ(web.id, "transport001");
  EXPECT_EQ(web.endpoint.port, 8001);
  EXPECT_EQ(web.web.client_timeout_ms, 20'000u);
  const auto& files = std::get<serve::StaticConfig>(web.paths.at("/").service);
  EXPECT_EQ(files.directory, "/srv/web");
  EXPECT_FALSE(files.cache_timeout_s);
  EXPECT_EQ(files.mime_types.at(".wasm"), "application/wasm");
  const auto& websocket = std::get<serve::WebSocketConfig>(web.paths.at("ws").service);
  EXPECT_EQ(websocket.options.auto_ping_timeout_ms, 5000u);
  EXPECT_TRUE(websocket.options.fail_by_drop);
  EXPECT_EQ(websocket.auth->anonymous->realm, "com.example.shop");
  const auto& json = std::get<serve::JsonConfig>(web.paths.at("conf").service);
  EXPECT_EQ(json.value.dump(), R"({"a":[1,2.5,null,true,"x"]})");
  EXPECT_TRUE(json.prettify);
  EXPECT_TRUE(std::get<serve::NestedConfig>(web.paths.at("deep").service).paths->count("ws"));
  EXPECT_EQ(main.transports.at(2).endpoint.path, "/srv/node/run/router.sock");
  EXPECT_THAT(loaded.config.protected_files, Contains("/srv/node/run/router.sock"));
  EXPECT_EQ(loaded.config.workers.at(1).transports.at(0).endpoint.family, EndpointConfig::Family::dual);
}

TEST(GoodConfig, Yaml) {
  const LoadedConfig loaded = load_yaml(read("hello.yaml"));
  ASSERT_TRUE(loaded.startable()) << describe(loaded);
  EXPECT_EQ(describe(loaded), "");
  const WorkerConfig& worker = loaded.config.workers.at(0);
  EXPECT_TRUE(worker.realms.at(0).roles.at(1).permissions.at(0).allow_register);
  const auto& paths = worker.transports.at(0).paths;
  const auto& second = std::get<serve::WebSocketConfig>(paths.at("ws2").service);
  EXPECT_THAT(second.serializers, ElementsAre(wamp::SerializerId::msgpack));
  EXPECT_EQ(second.options.max_message_size, 1'048'576u);
}

TEST(GoodConfig, YamlErrorsHavePlaces) {
  const auto error_at = [](Position at, const char* path, const char* fragment, const char* text) {
    return has(load_yaml(text), Diagnostic::Severity::error, at, path, fragment);
  };
  EXPECT_TRUE(error_at({2, 3}, "wrkers", "did you mean \"workers\"?", "version: 2\n? wrkers\n: []\n"));
  EXPECT_TRUE(error_at({1, 10}, "version", "not a string", "version: \"2\"\n"));
  EXPECT_TRUE(error_at({1, 10}, "version", "not a boolean", "version: true\n"));
  EXPECT_TRUE(error_at({1, 10}, "version", "not a string", "version: 02\n"));
  EXPECT_TRUE(error_at({2, 1}, "", "given twice, first in line 1 column 1", "version: 2\nversion: 2\n"));
  EXPECT_TRUE(error_at({2, 1}, "", "no proper YAML", "version: [2\n"));
  EXPECT_TRUE(error_at({1, 10}, "", "unknown tag", "version: !!python/name:os.system 2\n"));
  EXPECT_TRUE(error_at({0, 0}, "", "more than one YAML document", "version: 2\n---\nversion: 2\n"));
  EXPECT_TRUE(error_at({1, 3}, "", "a key must be a string", "? [a]\n: 2\n"));
  EXPECT_FALSE(load_yaml("a: &a [*a]").ok());
  EXPECT_FALSE(load_yaml("").ok());
}

TEST(GoodConfig, LaterPermissionWinsAndStarsMakePatterns) {
  const LoadedConfig loaded = load_json(in_realm(
      R"("roles": [{"name": "a", "permissions": [{"uri": "com.x", "allow": {"call": true}}, {"uri": "com.*.y.*"},
         {"uri": "com.x"}, {"uri": "com.z.*"}, {"uri": "com.a*b", "match": "exact"}]}])"));
  ASSERT_TRUE(loaded.startable()) << describe(loaded);
  const auto& permissions = loaded.config.workers.at(0).realms.at(0).roles.at(0).permissions;
  ASSERT_EQ(permissions.size(), 4u);
  EXPECT_EQ(permissions[0].uri, "com..y.");
  EXPECT_EQ(permissions[0].match, wamp::Match::wildcard);
  EXPECT_FALSE(permissions[1].allow_call);
  EXPECT_EQ(permissions[2].uri, "com.z.");
  EXPECT_EQ(permissions[2].match, wamp::Match::prefix);
  EXPECT_EQ(loaded.count(Diagnostic::Severity::warning), 2u) << describe(loaded);
}

TEST(GoodConfig, SizesAlwaysHaveALimitAndOffIsWarnedOf) {
  const LoadedConfig loaded = load_json(in_options(
      R"("max_frame_size": 0, "max_message_size": 0, "open_handshake_timeout": 0, "auto_ping_interval": 0)"));
  ASSERT_TRUE(loaded.startable()) << describe(loaded);
  EXPECT_EQ(loaded.count(Diagnostic::Severity::warning), 4u) << describe(loaded);
  const auto& options = loaded.config.workers.at(0).transports.at(0).websocket->options;
  EXPECT_EQ(options.max_frame_size, 67'108'864u);
  EXPECT_EQ(options.max_message_size, 67'108'864u);
  EXPECT_EQ(options.open_handshake_timeout_ms, 10'000u);
  EXPECT_EQ(options.auto_ping_interval_ms, 0u);
}

TEST(GoodConfig, SchemaDescribesItself) {
  const std::string text = describe_config_schema().dump();
  for (const char* name : {"auto_ping_size", "allow-by-default", "chain_certificates", "nodeinfo", "reload"}) {
    EXPECT_NE(text.find(name), std::string::npos) << name;
  }
}

TEST(GoodConfig, NearestName) {
  EXPECT_EQ(nearest_name("prot", {"port", "path"}), "port");
  EXPECT_EQ(nearest_name("auto-ping-size", {"auto_ping_size"}), "auto_ping_size");
  EXPECT_EQ(nearest_name("zebra", {"port", "path"}), "");
}

}  // namespace
}  // namespace transom::node::test
