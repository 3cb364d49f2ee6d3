// Wrong configurations: each text marks with ^ where the finding must point to.
#include "node/config/config_test_support.h"

namespace transom::node::test {

namespace {

struct Case {
  std::string text, path, fragment;
  std::size_t errors = 1;
};

void expect_error(const Case& wrong) {
  const MarkedText marked(wrong.text);
  const LoadedConfig loaded = load_json(marked.text);
  EXPECT_TRUE(has(loaded, Diagnostic::Severity::error, marked.at, wrong.path, wrong.fragment)) << marked.text;
  EXPECT_EQ(loaded.count(Diagnostic::Severity::error), wrong.errors) << describe(loaded);
}

const std::string kOptions = "workers[0].transports[0].options.";
const std::string kEndpoint = "workers[0].transports[0].endpoint";
const std::string kPaths = "workers[0].transports[0].paths";
const std::string kAuth = "workers[0].transports[0].auth";
const std::string kRole = "workers[0].realms[0].roles[0]";
const std::string kPermission = kRole + ".permissions[0]";

std::string in_role(const std::string& part) { return in_realm("\"roles\": [{\"name\": \"user\",\n " + part + "}]"); }
std::string in_permission(const std::string& part) {
  return in_role("\"permissions\": [{\"uri\": \"com.a\",\n " + part + "}]");
}

TEST(BadConfig, SyntaxAndTop) {
  const Case cases[] = {
      {"{\"version\": 2,\n ^}", "", "no proper JSON"},
      {"{\"version\": 2\n ^\"workers\": []}", "", "no proper JSON"},
      {"{\"version\": 2,\n ^// note\n \"workers\": []}", "", "JSON has no comments"},
      {"{\"version\": 2, \"workers\": [^", "", "no proper JSON"},
      {"^", "", "no proper JSON"},
      {"{\"version\": 2,\n \"workers\": [],\n ^\"workers\": []}", "", "given twice, first in line 2 column 2"},
      {"^[]", "", "needs a dictionary, not a list"},
      {"{\"version\": 2,\n ^\"wrkers\": []}", "wrkers", "did you mean \"workers\"?"},
      {"{\"version\": ^3}", "version", "3 is out of range; allowed: 1 to 2"},
      {"{\"version\": ^1}", "version", "too old"},
      {"{\"version\": ^true}", "version", "needs an integer, not a boolean"},
      {"^{\"workers\": []}", "", "\"version\" is missing"},
      {"{\"version\": 2, \"workers\": ^{}}", "workers", "needs a list, not a dictionary"},
      {"{\"version\": 2, \"controller\": {^\"fabric\": {}}}", "controller.fabric", "unknown key \"fabric\""},
      {"{\"version\": 2, \"controller\": {\"options\": {\"shutdown\": ^\"never\"}}}", "controller.options.shutdown",
       "unknown value \"never\""},
      {"{\"version\": 2, \"workers\": [{\"type\": ^\"routerx\"}]}", "workers[0].type", "did you mean \"router\"?"},
      {"{\"version\": 2, \"workers\": [^{}]}", "workers[0]", "\"type\" is missing"},
      {in_worker("\"id\": ^\"R1\""), "workers[0].id", "no valid id"},
      {in_worker("\"options\": {^\"reactor\": {}}"), "workers[0].options.reactor", "unknown key"},
      {"{\"version\": 2, \"workers\": [{\"type\": \"router\", \"id\": \"one\"}, {\"type\": \"router\", \"id\": "
       "^\"one\"}]}",
       "workers[1].id", "given twice"},
  };
  for (const Case& wrong : cases) expect_error(wrong);
}

TEST(BadConfig, Realms) {
  const Case cases[] = {
      {in_worker("\"realms\": [^{}]"), "workers[0].realms[0]", "without \"name\""},
      {in_worker("\"realms\": [{\"name\": ^\"1\"}]"), "workers[0].realms[0].name", "no valid realm name"},
      {in_worker("\"realms\": [{\"name\": \"realm1\"}, {\"name\": ^\"realm1\"}]"), "workers[0].realms[1].name",
       "given twice"},
      {in_realm("^\"rolls\": []"), "workers[0].realms[0].rolls", "did you mean \"roles\"?"},
      {in_realm("\"options\": {\"uri_check\": ^\"strickt\"}"), "workers[0].realms[0].options.uri_check",
       "allowed: \"loose\" or \"strict\"; did you mean \"strict\"?"},
      {in_realm("\"options\": {^\"foo\": 1}"), "workers[0].realms[0].options.foo", "unknown key"},
      {in_realm("\"options\": {\"event_dispatching_chunk_size\": ^0}"),
       "workers[0].realms[0].options.event_dispatching_chunk_size", "out of range"},
      {in_realm("\"roles\": [{\"name\": ^\"trusted\"}]"), kRole + ".name", "the role of the node itself"},
      {in_realm("\"roles\": [{\"name\": \"a\"}, {\"name\": ^\"a\"}]"), "workers[0].realms[0].roles[1].name",
       "given twice"},
      {in_role("^\"permission\": []"), kRole + ".permission", "did you mean \"permissions\"?"},
      {in_role("\"permissions\": [], \"authorizer\": ^\"com.auth\""), kRole + ".authorizer", "either"},
      {in_role("\"allow-by-default\": ^1"), kRole + ".allow-by-default", "needs true or false, not an integer"},
      {in_role("\"permissions\": [^{}]"), kPermission, "without \"uri\""},
      {in_permission("\"match\": ^\"glob\""), kPermission + ".match", "unknown value \"glob\""},
      {in_permission("\"allow\": {^\"calls\": true}"), kPermission + ".allow.calls", "did you mean \"call\"?"},
      {in_permission("\"allow\": {\"call\": ^1}"), kPermission + ".allow.call", "needs true or false"},
      {in_permission("^\"publish\": true"), kPermission + ".publish", "unknown key"},
      {in_permission("\"disclose\": ^true"), kPermission + ".disclose", "needs a dictionary"},
      {in_role("\"permissions\": [{\"uri\": ^\"com..a\"}]"), kPermission + ".uri", "no valid URI"},
      {in_role("\"permissions\": [{\"uri\": ^\"com.a b\"}]"), kPermission + ".uri", "no valid URI"},
  };
  for (const Case& wrong : cases) expect_error(wrong);
}

TEST(BadConfig, Endpoints) {
  const Case cases[] = {
      {in_transports("^{\"type\": \"websocket\"}"), "workers[0].transports[0]", "without \"endpoint\""},
      {in_transports("{\"type\": ^\"http\"}"), "workers[0].transports[0].type", "unknown value \"http\""},
      {in_endpoint("\"type\": ^\"udp\", \"port\": 1"), kEndpoint + ".type", "unknown value \"udp\""},
      {"{\"version\": 2, \"workers\": [{\"type\": \"router\", \"transports\": [{\"type\": \"websocket\", \"endpoint\": "
       "^{\"port\": 1}}]}]}",
       kEndpoint, "\"type\" is missing"},
      {in_transports("{\"type\": \"websocket\", \"endpoint\": ^{\"type\": \"tcp\"}}"), kEndpoint, "without \"port\""},
      {in_endpoint("\"type\": \"tcp\", \"port\": ^0"), kEndpoint + ".port", "0 is out of range; allowed: 1 to 65535"},
      {in_endpoint("\"type\": \"tcp\", \"port\": ^65536"), kEndpoint + ".port", "out of range"},
      {in_endpoint("\"type\": \"tcp\", \"port\": ^true"), kEndpoint + ".port", "needs an integer, not a boolean"},
      {in_endpoint("\"type\": \"tcp\", \"port\": ^80.5"), kEndpoint + ".port", "needs an integer"},
      {in_endpoint("\"type\": \"tcp\", \"port\": ^99999999999999999999"), kEndpoint + ".port", "needs an integer"},
      {in_endpoint("\"type\": \"tcp\", \"port\": ^\"8080\""), kEndpoint + ".port",
       "not a string; allowed: 1 to 65535 or"},
      {in_endpoint("\"type\": \"tcp\", \"port\": ^\"$NOT_SET\""), kEndpoint + ".port", "NOT_SET is not set"},
      {in_endpoint("\"type\": \"tcp\", \"port\": 1, \"version\": ^5"), kEndpoint + ".version", "4, 6 or \"dual\""},
      {in_endpoint("\"type\": \"tcp\", \"port\": 1, \"interface\": ^7"), kEndpoint + ".interface", "needs a string"},
      {in_endpoint("\"type\": \"tcp\", \"port\": 1, \"interface\": ^\"example.com\""), kEndpoint + ".interface",
       "no IP address"},
      {in_endpoint("\"type\": \"tcp\", \"port\": 1, \"version\": 4, \"interface\": ^\"::1\""), kEndpoint + ".interface",
       "not of the \"version\""},
      {in_endpoint("\"type\": \"tcp\", \"port\": 1, \"backlog\": ^0"), kEndpoint + ".backlog", "1 to 65535"},
      {in_endpoint("\"type\": \"tcp\", \"port\": 1, \"shared\": ^1"), kEndpoint + ".shared", "true or false"},
      {in_endpoint("\"type\": \"tcp\", \"port\": 1, \"user_timeout\": ^70000"), kEndpoint + ".user_timeout",
       "0 to 65535"},
      {in_endpoint("\"type\": \"tcp\", \"port\": 1, ^\"host\": \"a\""), kEndpoint + ".host", "unknown key"},
      {in_endpoint("\"type\": \"unix\", \"path\": \"a\", ^\"mode\": 1"), kEndpoint + ".mode", "unknown key"},
      {in_endpoint("\"type\": \"unix\", \"path\": ^\"${NOT_SET}/a\""), kEndpoint + ".path", "NOT_SET is not set"},
      {in_endpoint("\"type\": \"unix\", \"path\": ^\"" + std::string(120, 'a') + "\""), kEndpoint + ".path",
       "too long"},
      {in_endpoint("\"type\": \"tcp\", \"port\": 1, \"tls\": ^true"), kEndpoint + ".tls", "needs a dictionary"},
      {in_endpoint("\"type\": \"tcp\", \"port\": 1, \"tls\": ^{\"key\": \"k\"}"), kEndpoint + ".tls",
       "without \"certificate\""},
      {in_endpoint("\"type\": \"tcp\", \"port\": 1, \"tls\": ^{\"certificate\": \"c\"}"), kEndpoint + ".tls",
       "without \"key\""},
      {in_endpoint(
           "\"type\": \"tcp\", \"port\": 1, \"tls\": {\"key\": \"k\", \"certificate\": \"c\", ^\"protocols\": 1}"),
       kEndpoint + ".tls.protocols", "unknown key"},
      {in_endpoint(
           "\"type\": \"tcp\", \"port\": 1, \"tls\": {\"key\": \"k\", \"certificate\": \"c\", \"chain_certificates\": "
           "^\"x\"}"),
       kEndpoint + ".tls.chain_certificates", "needs a list, not a string; write it in square brackets"},
      {in_endpoint(
           "\"type\": \"tcp\", \"port\": 1, \"tls\": {\"key\": \"k\", \"certificate\": \"c\", \"ciphers\": ^[]}"),
       kEndpoint + ".tls.ciphers", "needs a string, not a list"},
      {in_endpoint("\"type\": \"tcp\", \"port\": 1, \"tls\": {\"key\": ^\"\", \"certificate\": \"c\"}"),
       kEndpoint + ".tls.key", "an empty path"},
  };
  for (const Case& wrong : cases) expect_error(wrong);
}

TEST(BadConfig, Tls) {
  const std::string tls = kEndpoint + ".tls";
  const std::string pair = "\"key\": \"k\", \"certificate\": \"c\", ";
  const auto in_tls = [](const std::string& rest) {
    return in_endpoint("\"type\": \"tcp\", \"port\": 1, \"tls\": ^{" + rest + "}");
  };
  const auto with_pair = [&](const std::string& rest) {
    return in_endpoint("\"type\": \"tcp\", \"port\": 1, \"tls\": {" + pair + rest + "}");
  };
  const Case cases[] = {
      {in_tls(""), tls, "without \"key\"", 2},
      {in_tls("\"certificates\": []"), tls, "without \"certificate\"", 2},
      {in_tls("\"key\": \"k\", \"certificates\": [{\"key\": \"k\", \"certificate\": \"c\"}]"), tls,
       "tls without \"certificate\""},
      {with_pair("\"certificates\": [^{\"key\": \"k\"}]"), tls + ".certificates[0]",
       "certificate without \"certificate\""},
      {with_pair("\"certificates\": ^{}"), tls + ".certificates", "needs a list"},
      {with_pair("\"certificates\": [{" + pair + "^\"hostname\": []}]"), tls + ".certificates[0].hostname",
       "did you mean \"hostnames\"?"},
      {with_pair("\"certificates\": [{" + pair + "\"hostnames\": [^\"10.0.0.1\"]}]"),
       tls + ".certificates[0].hostnames[0]", "no host name"},
      {with_pair("\"certificates\": [{" + pair + "\"hostnames\": [\"a.b\", ^\"a.*.b\"]}]"),
       tls + ".certificates[0].hostnames[1]", "no host name; allowed: a name such as"},
      {in_endpoint("\"type\": \"tcp\", \"port\": 1, \"tls\": {\"ocsp_staple\": ^\"s\", \"certificates\": [{\"key\": "
                   "\"k\", \"certificate\": \"c\"}]}"),
       tls + ".ocsp_staple", "without \"key\" and \"certificate\" beside it"},
      {with_pair("\"key_passphrase\": ^\"secret\""), tls + ".key_passphrase", "does not belong into the configuration"},
      {with_pair("\"key_passphrase\": ^{}"), tls + ".key_passphrase", "exactly one source"},
      {with_pair("\"key_passphrase\": ^{\"file\": \"a\", \"environment\": \"B\"}"), tls + ".key_passphrase",
       "exactly one source"},
      {with_pair("\"key_passphrase\": {\"credential\": ^\"../secret\"}"), tls + ".key_passphrase.credential",
       "no name of a credential"},
      {with_pair("\"key_passphrase\": {\"environment\": ^\"\"}"), tls + ".key_passphrase.environment",
       "no name of an environment variable"},
      {with_pair("\"ciphers\": ^\"\""), tls + ".ciphers", "leave the key out for the default"},
      {with_pair("\"ciphers\": ^7"), tls + ".ciphers", "needs a string"},
      {with_pair("\"groups\": ^[]"), tls + ".groups", "leave the key out for the default"},
      {with_pair("\"groups\": ^\":\""), tls + ".groups", "no group is named"},
      {with_pair("\"session_tickets\": {\"key_files\": ^[]}"), tls + ".session_tickets.key_files",
       "leave the key out for the default"},
      {with_pair("\"groups\": ^7"), tls + ".groups", "needs a list"},
      {with_pair("\"groups\": [^7]"), tls + ".groups[0]", "needs a string"},
      {with_pair("\"profile\": ^\"modren\""), tls + ".profile", "did you mean \"modern\"?"},
      {with_pair("\"min_version\": ^\"1.1\""), tls + ".min_version", "cap the grade at B"},
      {with_pair("\"min_version\": ^1.0"), tls + ".min_version", "cap the grade at B"},
      {with_pair("\"min_version\": ^\"1.4\""), tls + ".min_version", "unknown version of TLS; allowed: \"1.2\""},
      {with_pair("\"min_version\": ^true"), tls + ".min_version", "needs a string"},
      {with_pair("\"ca_certificates\": ^\"ca.pem\""), tls + ".ca_certificates", "write it in square brackets"},
      {with_pair("\"ca_certificates\": ^[]"), tls + ".ca_certificates", "lets no client in"},
      {with_pair("\"client_auth\": ^\"required\""), tls + ".client_auth", "without \"ca_certificates\""},
      {with_pair("\"crl\": ^[\"a.crl\"]"), tls + ".crl", "without \"ca_certificates\""},
      {with_pair("\"client_auth\": ^\"maybe\", \"ca_certificates\": [\"ca.pem\"]"), tls + ".client_auth",
       "allowed: \"required\", \"optional\" or \"none\""},
      {with_pair("\"verify_depth\": ^101, \"ca_certificates\": [\"ca.pem\"]"), tls + ".verify_depth", "0 to 100"},
      {with_pair("\"key_permissions\": ^\"ignore\""), tls + ".key_permissions", "\"refuse\" or \"warn\""},
      {with_pair("\"session_tickets\": ^1"), tls + ".session_tickets", "needs true or false"},
      {with_pair("\"session_tickets\": {\"rotate\": ^0}"), tls + ".session_tickets.rotate", "out of range"},
      {with_pair("\"session_tickets\": {\"key_files\": ^\"k\"}"), tls + ".session_tickets.key_files", "needs a list"},
      {with_pair("\"ocsp_stapling\": ^\"sometimes\""), tls + ".ocsp_stapling", "needs true or false"},
  };
  for (const Case& wrong : cases) expect_error(wrong);
}

TEST(BadConfig, WebSocketOptions) {
  const Case cases[] = {
      {in_options("^\"foo\": 1"), kOptions + "foo", "unknown key"},
      {in_options("^\"auto-ping-intervall\": 1"), kOptions + "auto-ping-intervall",
       "did you mean \"auto_ping_interval\"?"},
      {in_options("\"auto_ping_interval\": ^10"), kOptions + "auto_ping_interval", "allowed: 0 or at least 1000"},
      {in_options("\"auto_ping_timeout\": ^-1"), kOptions + "auto_ping_timeout", "out of range"},
      {in_options("\"open_handshake_timeout\": ^999"), kOptions + "open_handshake_timeout", "too short"},
      {in_options("\"close_handshake_timeout\": ^\"1000\""), kOptions + "close_handshake_timeout", "not a string"},
      {in_options("\"auto_ping_size\": ^11"), kOptions + "auto_ping_size", "12 to 125"},
      {in_options("\"auto_ping_size\": ^126"), kOptions + "auto_ping_size", "12 to 125"},
      {in_options("\"max_frame_size\": ^-1"), kOptions + "max_frame_size", "out of range"},
      {in_options("\"max_message_size\": ^67108865"), kOptions + "max_message_size", "0 to 67108864"},
      {in_options("\"auto_fragment_size\": ^true"), kOptions + "auto_fragment_size", "needs an integer"},
      {in_options("\"fail_by_drop\": ^0"), kOptions + "fail_by_drop", "needs true or false"},
      {in_options("\"external_port\": ^0"), kOptions + "external_port", "1 to 65535"},
      {in_options("\"enable_rfc6455\": ^false"), kOptions + "enable_rfc6455", "no client can connect"},
      {in_websocket("\"options\": {\"allowed_origins\": ^\"*\"}"), kOptions + "allowed_origins", "needs a list"},
      {in_websocket("\"options\": {\"allowed_origins\": [^1]}"), kOptions + "allowed_origins[0]", "needs a string"},
      {in_websocket("\"url\": ^\"http://a\""), "workers[0].transports[0].url", "not for WebSocket"},
      {in_websocket("\"serializers\": [^\"jsn\"]"), "workers[0].transports[0].serializers[0]",
       "did you mean \"json\"?"},
      {in_websocket("\"serializers\": ^[]"), "workers[0].transports[0].serializers", "no serializer is left"},
      {in_websocket("\"serializers\": ^[\"ubjson\"]"), "workers[0].transports[0].serializers", "no serializer is left"},
      {in_websocket("\"cookie\": ^{\"store\": {\"type\": \"memory\"}}"), "workers[0].transports[0].cookie",
       "never together with \"allowed_origins\""},
      {in_websocket("^\"paths\": {}"), "workers[0].transports[0].paths", "unknown key"},
  };
  for (const Case& wrong : cases) expect_error(wrong);
}

TEST(BadConfig, PathsAndWebOptions) {
  const Case cases[] = {
      {in_transports("^{\"type\": \"web\", \"endpoint\": {\"type\": \"tcp\", \"port\": 1}}"),
       "workers[0].transports[0]", "without \"paths\""},
      {in_paths("^\"a/b\": {\"type\": \"nodeinfo\"}"), kPaths + "[\"a/b\"]", "no path component"},
      {in_paths("\"a\": ^{}"), kPaths + ".a", "\"type\" is missing"},
      {in_paths("\"a\": {\"type\": ^\"statik\"}"), kPaths + ".a.type", "did you mean \"static\"?"},
      {in_paths("\"a\": ^{\"type\": \"static\"}"), kPaths + ".a", "without \"directory\""},
      {in_paths("\"a\": ^{\"type\": \"static\", \"directory\": \"a\", \"package\": \"b\"}"), kPaths + ".a", "either"},
      {in_paths("\"a\": {\"type\": \"static\", \"directory\": \"a\", \"options\": {^\"listing\": true}}"),
       kPaths + ".a.options.listing", "unknown key"},
      {in_paths("\"a\": {\"type\": \"static\", \"directory\": \"a\", \"options\": {\"cache_timeout\": ^-1}}"),
       kPaths + ".a.options.cache_timeout", "out of range"},
      {in_paths(
           "\"a\": {\"type\": \"static\", \"directory\": \"a\", \"options\": {\"mime_types\": {^\"svg\": \"b\"}}}"),
       kPaths + ".a.options.mime_types.svg", "no file name extension"},
      {in_paths(
           "\"a\": {\"type\": \"static\", \"directory\": \"a\", \"options\": {\"mime_types\": {\".a\": ^\"b\\n\"}}}"),
       kPaths + ".a.options.mime_types[\".a\"]", "control character"},
      {in_paths("\"a\": ^{\"type\": \"redirect\"}"), kPaths + ".a", "without \"url\""},
      {in_paths("\"a\": {\"type\": \"redirect\", \"url\": ^\"/b\\r\\nX: y\"}"), kPaths + ".a.url", "control character"},
      {in_paths("\"a\": ^{\"type\": \"json\"}"), kPaths + ".a", "without \"value\""},
      {in_paths("\"a\": {\"type\": \"nodeinfo\", ^\"options\": {}}"), kPaths + ".a.options", "unknown key"},
      {in_paths("\"a\": {\"type\": \"path\", \"paths\": {\"b\": ^{\"type\": \"redirect\"}}}"), kPaths + ".a.paths.b",
       "without \"url\""},
      {in_paths("\"a\": {\"type\": \"websocket\", ^\"endpoint\": {}}"), kPaths + ".a.endpoint", "unknown key"},
      {in_paths("\"a\": {\"type\": \"caller\", ^\"procedure\": \"x\"}"), kPaths + ".a.procedure", "unknown key"},
      {in_transports("{\"type\": \"web\", \"endpoint\": {\"type\": \"tcp\", \"port\": 1}, \"paths\": {}, \"options\": "
                     "{\"client_timeout\": ^0}}"),
       kOptions + "client_timeout", "1 to 86400"},
      {in_transports("{\"type\": \"web\", \"endpoint\": {\"type\": \"tcp\", \"port\": 1}, \"paths\": {}, \"options\": "
                     "{\"hsts_max_age\": ^-1}}"),
       kOptions + "hsts_max_age", "0 or more"},
  };
  for (const Case& wrong : cases) expect_error(wrong);
}

TEST(BadConfig, Auth) {
  const Case cases[] = {
      {in_websocket("\"auth\": ^{}"), kAuth, "names no method"},
      {in_auth("^\"oauth\": {}"), kAuth + ".oauth", "unknown key"},
      {in_auth("\"ticket\": ^{}"), kAuth + ".ticket", "\"type\" is missing"},
      {in_auth("\"ticket\": {\"type\": ^\"x\"}"), kAuth + ".ticket.type", "unknown value \"x\""},
      {in_auth("\"ticket\": ^{\"type\": \"static\"}"), kAuth + ".ticket", "without \"principals\""},
      {in_auth("\"ticket\": {\"type\": \"static\", \"principals\": {\"joe\": ^{\"role\": \"anonymous\"}}}"),
       kAuth + ".ticket.principals.joe", "without \"ticket\""},
      {in_auth("\"ticket\": {\"type\": \"static\", \"principals\": {\"joe\": {\"role\": \"anonymous\", \"ticket\": "
               "^12345}}}"),
       kAuth + ".ticket.principals.joe.ticket", "needs a string, not an integer"},
      {in_auth("\"ticket\": {\"type\": \"static\", \"principals\": {\"joe\": {\"role\": \"anonymous\", \"ticket\": "
               "^\"\"}}}"),
       kAuth + ".ticket.principals.joe.ticket", "let everybody in"},
      {in_auth("\"ticket\": {\"type\": \"static\", \"principals\": {\"joe\": {\"role\": \"anonymous\", \"ticket\": "
               "^\"${NOT_SET}\"}}}"),
       kAuth + ".ticket.principals.joe.ticket", "NOT_SET is not set"},
      {in_auth("\"anonymous\": {\"type\": \"static\", ^\"rolle\": \"a\"}"), kAuth + ".anonymous.rolle",
       "did you mean \"role\"?"},
  };
  for (const Case& wrong : cases) expect_error(wrong);
}

TEST(BadConfig, AllErrorsAtOnceInTheOrderOfTheFile) {
  const LoadedConfig loaded = load_json(
      "{\"version\": true,\n \"workers\": [\n  {\"type\": \"routr\"},\n  {\"type\": \"router\", \"realms\": 5, "
      "\"transports\": [{\"type\": \"web\"}]}],\n \"extra\": 1}");
  EXPECT_EQ(loaded.count(Diagnostic::Severity::error), 6u) << describe(loaded);
  for (std::size_t i = 1; i < loaded.diagnostics.size(); ++i) {
    EXPECT_LE(loaded.diagnostics[i - 1].line, loaded.diagnostics[i].line);
  }
}

TEST(BadConfig, NoSecretInAnyMessage) {
  const LoadedConfig loaded = load_json(
      in_auth("\"ticket\": {\"type\": \"static\", \"principals\": {\"joe\": {\"role\": \"nobody\", \"ticket\": "
              "\"tops3cret\", \"role2\": \"tops3cret\"}, \"ann\": {\"ticket\": 987654321, \"role\": 1}}}"));
  EXPECT_FALSE(loaded.ok());
  EXPECT_EQ(describe(loaded).find("tops3cret"), std::string::npos);
  EXPECT_EQ(describe(loaded).find("987654321"), std::string::npos);
}

TEST(BadConfig, PortsTakenTwice) {
  const auto two = [](const std::string& first, const std::string& second) {
    const auto transport = [](const std::string& endpoint) {
      return "{\"type\": \"websocket\", \"endpoint\": {\"type\": \"tcp\", " + endpoint + "}}";
    };
    return MarkedText(in_transports(transport(first) + ",\n" + transport(second)));
  };
  const auto error_at = [](const MarkedText& marked) {
    return has(load_json(marked.text), Diagnostic::Severity::error, marked.at, "workers[0].transports[1].endpoint.port",
               "taken by workers[0].transports[0].endpoint.port");
  };
  EXPECT_TRUE(error_at(two("\"port\": 8080", "\"port\": ^8080")));
  EXPECT_TRUE(error_at(two("\"port\": 8080, \"interface\": \"127.0.0.1\"", "\"port\": ^8080")));
  EXPECT_TRUE(error_at(two("\"port\": 8080, \"version\": \"dual\"", "\"port\": ^8080, \"interface\": \"127.0.0.1\"")));
  EXPECT_TRUE(load_json(two("\"port\": 8080", "\"port\": 8081").text).ok());
  EXPECT_TRUE(load_json(two("\"port\": 8080", "\"port\": 8080, \"version\": 6").text).ok());
  EXPECT_TRUE(
      load_json(two("\"port\": 80, \"interface\": \"127.0.0.1\"", "\"port\": 80, \"interface\": \"127.0.0.2\"").text)
          .ok());
  const LoadedConfig shared = load_json(two("\"port\": 80, \"shared\": true", "\"port\": 80, \"shared\": true").text);
  EXPECT_TRUE(shared.ok());
  EXPECT_NE(describe(shared).find("the port is shared"), std::string::npos);
}

TEST(BadConfig, Limits) {
  std::string deep(100, '[');
  EXPECT_FALSE(load_json(deep + std::string(100, ']')).ok());
  EXPECT_FALSE(load_yaml(deep + std::string(100, ']')).ok());
  EXPECT_FALSE(load_json(std::string(kMaxConfigSize + 1, ' ')).ok());
  EXPECT_NE(describe(load_json("{\"version\": \"\xff\"}")).find("UTF-8"), std::string::npos);
  std::string many = "[0";
  for (std::size_t i = 0; i < kMaxConfigValues; ++i) many += ",0";
  EXPECT_NE(describe(load_json(many + "]")).find("values"), std::string::npos);
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    laughs += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  }
  EXPECT_NE(describe(load_yaml(laughs)).find("values"), std::string::npos);
}

}  // namespace
}  // namespace transom::node::test
