// What web transports say about HSTS, redirects and the user: defaults that depend on other keys, and what must fit.
#include <gmock/gmock.h>

#include "node/config/config_test_support.h"

namespace transom::node::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kTls = R"(, "tls": {"key": "k", "certificate": "c"})";

/// A web transport on a port; `tls` and `more` begin with a comma.
std::string web(int port, const std::string& tls, const std::string& more) {
  return R"({"type": "web", "endpoint": {"type": "tcp", "port": )" + std::to_string(port) + tls + "}" + more + "}";
}
const std::string kPage = R"(, "paths": {"/": {"type": "nodeinfo"}})";

bool hsts(int port, const std::string& tls, const std::string& options = "") {
  const LoadedConfig loaded = load_json(in_transports(web(port, tls, kPage + options)));
  EXPECT_TRUE(loaded.ok()) << describe(loaded);
  return loaded.config.workers.at(0).transports.at(0).web.hsts;
}

TEST(WebConfig, HstsIsTheDefaultOfTlsOnPort443) {
  EXPECT_TRUE(hsts(443, kTls));
  EXPECT_TRUE(hsts(443, kTls, R"(, "options": {"hsts_max_age": 1})"));
  EXPECT_FALSE(hsts(443, kTls, R"(, "options": {"hsts": false})"));
  EXPECT_FALSE(hsts(443, ""));
  EXPECT_FALSE(hsts(8443, kTls));
  EXPECT_TRUE(hsts(8443, kTls, R"(, "options": {"hsts": true})"));
  const auto loaded = load_json(in_transports(web(443, kTls, kPage)));
  EXPECT_EQ(loaded.config.workers.at(0).transports.at(0).web.hsts_max_age_s, 63'072'000);
}

TEST(WebConfig, RedirectNeedsNoPaths) {
  const auto loaded = load_json(in_transports(
      web(80, "",
          R"(, "redirect": "https", "redirect_hosts": ["A.example", "*.b.example", "2001:DB8::1"], "redirect_port": 443)") +
      "," + web(8443, kTls, kPage)));
  ASSERT_TRUE(loaded.startable()) << describe(loaded);
  const auto& redirect = loaded.config.workers.at(0).transports.at(0).https_redirect;
  ASSERT_TRUE(redirect);
  EXPECT_THAT(redirect->hosts, ElementsAre("a.example", "*.b.example", "2001:DB8::1"));
  EXPECT_EQ(redirect->port, 443);
  EXPECT_EQ(loaded.count(Diagnostic::Severity::warning), 0u) << describe(loaded);
}

TEST(WebConfig, RedirectMustLeadSomewhere) {
  const std::string kRedirect = R"(, "redirect": "https")";
  const auto findings = [](const std::string& transports) { return describe(load_json(in_transports(transports))); };
  EXPECT_THAT(findings(web(80, "", kRedirect)), HasSubstr("transports[0].redirect: there is no web transport"));
  EXPECT_THAT(findings(web(443, kTls, kRedirect + kPage)), HasSubstr("error: workers[0].transports[0].redirect"));
  EXPECT_THAT(findings(web(80, "", R"(, "redirect": "http")")), HasSubstr("error: workers[0].transports[0].redirect"));
  for (const char* host : {"", "a b", "a:80", "https://a", "*", "a.*", "[::1]"}) {
    const std::string hosts = R"(, "redirect_hosts": [")" + std::string(host) + "\"]";
    EXPECT_THAT(findings(web(80, "", kRedirect + hosts)), HasSubstr("redirect_hosts[0]: no host name")) << host;
  }
  const auto unused = load_json(in_transports(web(80, "", kPage + R"(, "redirect_hosts": ["a"])")));
  EXPECT_THAT(describe(unused), HasSubstr("has no effect without"));
  EXPECT_FALSE(unused.config.workers.at(0).transports.at(0).https_redirect);
}

TEST(WebConfig, ADisabledWorkerIsNoTarget) {
  const std::string roles = R"("realms": [{"name": "realm1", "roles": [{"name": "anonymous"}]}], )";
  const auto worker = [&roles](const std::string& options, const std::string& transport) {
    return R"({"type": "router", "options": {)" + options + "}, " + roles + R"("transports": [)" + transport + "]}";
  };
  const auto node = [&](const std::string& options) {
    return load_json(R"({"version": 2, "workers": [)" + worker("", web(80, "", R"(, "redirect": "https")")) + "," +
                     worker(options, web(443, kTls, kPage)) + "]}");
  };
  EXPECT_TRUE(node("").ok()) << describe(node(""));
  EXPECT_FALSE(node(R"("disabled": true)").ok());
}

TEST(WebConfig, TheUserOfTheController) {
  const auto loaded = load_json(R"({"version": 2, "controller": {"user": "transom:ssl-cert"}, "workers": []})");
  EXPECT_TRUE(loaded.startable()) << describe(loaded);
  EXPECT_EQ(loaded.config.user, "transom:ssl-cert");
}

TEST(WebConfig, AUserOfTheControllerThatCannotBe) {
  const std::pair<std::string, std::string> cases[] = {{"", "is empty: leave it out or name a user"},
                                                       {"nosuch:", "names no user: write NAME or NAME:GROUP"},
                                                       {":daemon", "names no user"},
                                                       {"nobody:x:y", "names no user"},
                                                       {"root", "is root; name an ordinary user"},
                                                       {"0:daemon", "is root"},
                                                       {"00", "is root"}};
  for (const auto& [user, words] : cases) {
    const MarkedText marked(R"({"version": 2, "controller": {"user": ^")" + user + R"("}, "workers": []})");
    EXPECT_TRUE(has(load_json(marked.text), Diagnostic::Severity::error, marked.at, "controller.user", words));
  }
}

TEST(WebConfig, AUserWhomThisMachineDoesNotKnow) {
  const MarkedText marked(R"({"version": 2, "controller": {"user": ^"no-such-user"}, "workers": []})");
  LoadOptions options = options_without_files();
  options.check_files = true;
  const auto load = [&] {
    return parse_node_config(marked.text, ConfigFormat::json, "/srv/node/config.json", options);
  };
  const auto judged_as = [&](Diagnostic::Severity severity) {
    return has(load(), severity, marked.at, "controller.user", "there is no user \"no-such-user\" on this machine");
  };
  EXPECT_TRUE(judged_as(Diagnostic::Severity::warning));
  options.starting = true;
  EXPECT_TRUE(judged_as(Diagnostic::Severity::error));
  options.user = "nobody";  // of the command line, which wins
  EXPECT_TRUE(load().ok()) << describe(load());
}

}  // namespace
}  // namespace transom::node::test
