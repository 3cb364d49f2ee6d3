// `tls.acme` of an endpoint.
#include <algorithm>
#include <filesystem>

#include "node/acme/files.h"
#include "node/config/config_test_support.h"

namespace transom::node::test {
namespace {

using Severity = Diagnostic::Severity;
using Challenge = tls::AcmeConfig::Challenge;

const std::string kAcme = "workers[0].transports[0].endpoint.tls.acme";

std::string in_tls(const std::string& part, int port = 443, const std::string& more_transports = "") {
  return in_transports(
      fmt::format("{{\"type\": \"websocket\", \"options\": {{\"allowed_origins\": [\"*\"]}},\n"
                  " \"endpoint\": {{\"type\": \"tcp\", \"port\": {}, \"tls\": {{{}}}}}}}{}",
                  port, part, more_transports));
}
std::string in_acme(const std::string& part) { return in_tls("\"acme\": ^{" + part + "}"); }
/// Marks what `part` marks itself.
std::string in_unmarked_acme(const std::string& part) { return in_tls("\"acme\": {" + part + "}"); }

const std::string kDomain = "\"domains\": [\"a.example\"]";

/// What is read without a finding.
tls::ServerConfig read(const std::string& text) {
  const LoadedConfig loaded = load_json(MarkedText(text).text);
  EXPECT_EQ(describe(loaded), "");
  const auto& tls = loaded.config.workers.at(0).transports.at(0).endpoint.tls;
  return tls ? *tls : tls::ServerConfig{};
}

TEST(AcmeConfigSchema, LittleIsNeeded) {
  const tls::ServerConfig config = read(in_acme(kDomain));
  ASSERT_TRUE(config.acme);
  EXPECT_EQ(config.acme->domains, std::vector<std::string>{"a.example"});
  EXPECT_EQ(config.acme->directory_url, "https://acme-v02.api.letsencrypt.org/directory");
  EXPECT_EQ(config.acme->challenge, Challenge::automatic);
  EXPECT_EQ(config.acme->state_directory, std::string(kDirectory) + "/acme");
  ASSERT_EQ(config.certificates.size(), 1u);
  EXPECT_EQ(config.certificates[0].key_file, acme_files(*config.acme).key);
  EXPECT_EQ(config.certificates[0].certificate_file, acme_files(*config.acme).chain);
}

TEST(AcmeConfigSchema, AllOfIt) {
  const tls::ServerConfig config =
      read(in_acme("\"domains\": [\"WWW.Example.COM.\", \"b.example\", \"www.example.com\"], \"contact\": "
                   "[\"mailto:a@example.com\", \"b@example.com\"], \"directory\": \"https://localhost:14000/dir\", "
                   "\"ca\": \"ca.pem\", \"challenge\": \"tls-alpn-01\""));
  EXPECT_EQ(config.acme->domains, (std::vector<std::string>{"www.example.com", "b.example"}));
  EXPECT_EQ(config.acme->contacts, (std::vector<std::string>{"a@example.com", "b@example.com"}));
  EXPECT_EQ(config.acme->directory_url, "https://localhost:14000/dir");
  EXPECT_EQ(config.acme->ca_file, std::string(kDirectory) + "/ca.pem");
  EXPECT_EQ(config.acme->challenge, Challenge::tls_alpn_01);
}

TEST(AcmeConfigSchema, ShortNamesAndASingleContact) {
  EXPECT_EQ(read(in_acme(kDomain + ", \"directory\": \"letsencrypt-staging\"")).acme->directory_url,
            "https://acme-staging-v02.api.letsencrypt.org/directory");
  EXPECT_EQ(read(in_acme(kDomain + ", \"directory\": \"letsencrypt\"")).acme->directory_url,
            tls::AcmeConfig{}.directory_url);
  EXPECT_EQ(read(in_acme(kDomain + ", \"contact\": \"a@example.com\"")).acme->contacts.size(), 1u);
}

TEST(AcmeConfigSchema, OtherPairsComeFirst) {
  const std::string pair = "\"key\": \"k\", \"certificate\": \"c\"";
  EXPECT_EQ(read(in_tls(pair + ", \"acme\": {" + kDomain + "}")).certificates.size(), 2u);
  EXPECT_EQ(read(in_tls("\"acme\": {" + kDomain + "}, \"certificates\": [{" + pair + "}]")).certificates.size(), 2u);
  const auto all =
      read(in_tls("\"certificates\": [{" + pair + "}], " + pair + ", \"acme\": {" + kDomain + "}")).certificates;
  ASSERT_EQ(all.size(), 3u);
  EXPECT_NE(all[2].key_file.find("/acme/a.example-"), std::string::npos);
  EXPECT_EQ(read(in_tls("\"certificates\": [], \"acme\": {" + kDomain + "}")).certificates.size(), 1u);
}

TEST(AcmeConfigSchema, KeysOnDiskAreNeverServed) {
  const auto files = load_json(MarkedText(in_acme(kDomain)).text).config.protected_files;
  EXPECT_NE(std::find(files.begin(), files.end(), std::string(kDirectory) + "/acme"), files.end());
}

TEST(AcmeConfigSchema, WhatIsWrong) {
  std::string many;
  for (int i = 0; i <= 100; ++i) many += fmt::format("{}\"n{}.example\"", i == 0 ? "" : ",", i);
  const auto domain = [](const std::string& name) { return in_unmarked_acme("\"domains\": [^\"" + name + "\"]"); };
  const auto more = [](const std::string& part) { return in_unmarked_acme(kDomain + ", " + part); };
  const struct {
    std::string text, path, fragment;
  } cases[] = {
      {in_tls("\"acme\": ^true"), "", "needs a dictionary"},
      {in_acme(""), "", "\"domains\""},
      {in_unmarked_acme("\"domains\": ^\"a.example\""), ".domains", "write it in square brackets"},
      {in_unmarked_acme("\"domains\": ^[]"), ".domains", "no domain: there is nothing to certify"},
      {in_unmarked_acme("\"domains\": ^[" + many + "]"), ".domains",
       "101 domains in one certificate; allowed: at most"},
      {in_unmarked_acme("\"domains\": [^7]"), ".domains[0]", "needs a string"},
      {domain("*.a.example"), ".domains[0]", "a wildcard needs the challenge dns-01"},
      {domain("192.0.2.1"), ".domains[0]", "an IP address"},
      {domain("2001:db8::1"), ".domains[0]", "an IP address"},
      {domain("a.example:443"), ".domains[0]", "no host name"},
      {domain("https://a.example"), ".domains[0]", "no host name"},
      {domain("a b"), ".domains[0]", "no host name"},
      {domain(""), ".domains[0]", "no host name"},
      {domain("b\\u00fccher.example"), ".domains[0]", "xn--"},
      {more("\"contact\": ^\"nobody\""), ".contact", "no mail address"},
      {more("\"contact\": [^\"a@b.example,c@d.example\"]"), ".contact[0]", "no mail address"},
      {more("\"contact\": ^\"a@b.example?subject=x\""), ".contact", "no mail address"},
      {more("\"contact\": ^\"https://a@b.example\\n\""), ".contact", "no mail address"},
      {more("\"contact\": ^7"), ".contact", "needs a string"},
      {more("\"directory\": ^\"http://a.example/dir\""), ".directory", "no directory of an ACME server"},
      {more("\"directory\": ^\"letsencrpt\""), ".directory", "letsencrypt-staging"},
      {more("\"directory\": ^\"https://a.example/ x\""), ".directory", "no directory"},
      {more("\"challenge\": ^\"dns-01\""), ".challenge", "\"http-01\""},
      {more("^\"domain\": 1"), ".domain", "did you mean \"domains\"?"},
  };
  for (const auto& wrong : cases) {
    const MarkedText marked(wrong.text);
    EXPECT_TRUE(has(load_json(marked.text), Severity::error, marked.at, kAcme + wrong.path, wrong.fragment));
  }
  const MarkedText unneeded(in_tls("\"chain_certificates\": ^[\"c\"], \"acme\": {" + kDomain + "}"));
  EXPECT_TRUE(has(load_json(unneeded.text), Severity::error, unneeded.at,
                  "workers[0].transports[0].endpoint.tls.chain_certificates", "what \"acme\" gets needs none"));
  EXPECT_FALSE(load_json(in_endpoint("\"type\": \"unix\", \"path\": \"s\", \"tls\": {}")).ok());
}

TEST(AcmeConfigSchema, NamesInAnyOrderAreOneCertificate) {
  const auto directory = [](const std::string& domains) {
    return acme_files(*read(in_acme("\"domains\": [" + domains + "]")).acme).certificate_directory;
  };
  EXPECT_EQ(directory("\"b.example\", \"a.example\""), directory("\"a.example\", \"b.example\", \"a.example\""));
  EXPECT_NE(directory("\"b.example\""), directory("\"a.example\", \"b.example\""));
}

TEST(AcmeConfigSchema, WhatIsSharedIsSaidOnce) {
  const struct {
    std::string one, other, fragment;
  } cases[] = {
      {"", "", ""},
      {"", ", \"contact\": \"a@b.example\"",
       "\"contact\" is not that of " + kAcme + ", with which this shares the account"},
      {", \"contact\": \"a@b.example\"", ", \"directory\": \"letsencrypt-staging\"", ""},
      {"", ", \"ca\": \"ca.pem\"", "\"ca\" is not that of"},
      {", \"challenge\": \"http-01\"", ", \"challenge\": \"tls-alpn-01\"", "write the same \"challenge\" in both"},
  };
  for (const auto& one : cases) {
    const std::string second =
        ", {\"type\": \"websocket\", \"options\": {\"allowed_origins\": [\"*\"]}, \"endpoint\": {\"type\": \"tcp\", "
        "\"port\": 8443, \"tls\": {\"acme\": ^{" +
        kDomain + one.other + "}}}}";
    const MarkedText marked(in_tls("\"acme\": {" + kDomain + one.one + "}", 443, second));
    const LoadedConfig loaded = load_json(marked.text);
    const std::string path = "workers[0].transports[1].endpoint.tls.acme";
    EXPECT_EQ(loaded.startable(), one.fragment.empty()) << describe(loaded);
    EXPECT_TRUE(one.fragment.empty() || has(loaded, Severity::error, marked.at, path, one.fragment));
  }
  // Another certificate of the same account may be had in another way.
  const std::string second =
      ", {\"type\": \"websocket\", \"options\": {\"allowed_origins\": [\"*\"]}, \"endpoint\": {\"type\": \"tcp\", "
      "\"port\": 8443, \"tls\": {\"acme\": {\"domains\": [\"b.example\"], \"challenge\": \"http-01\"}}}}";
  EXPECT_TRUE(load_json(MarkedText(in_tls("\"acme\": ^{" + kDomain + "}", 443, second)).text).startable());
}

TEST(AcmeConfigSchema, PortsThatChallengesDoNotComeTo) {
  const std::string plain =
      ", {\"type\": \"websocket\", \"options\": {\"allowed_origins\": [\"*\"]}, \"endpoint\": {\"type\": \"tcp\", "
      "\"port\": 80}}";
  const struct {
    int port;
    bool plain_80;
    std::string challenge, fragment;
  } cases[] = {
      {443, false, "", ""},
      {8443, true, "", ""},
      {8443, false, "", "port 80 or 443, where nothing"},
      {443, false, "http-01", "comes to port 80"},
      {8443, true, "http-01", ""},
      {8443, true, "tls-alpn-01", "this endpoint listens on port 8443"},
      {443, false, "tls-alpn-01", ""},
  };
  for (const auto& one : cases) {
    const std::string challenge = one.challenge.empty() ? "" : ", \"challenge\": \"" + one.challenge + "\"";
    const MarkedText marked(in_tls("\"acme\": ^{" + kDomain + challenge + "}", one.port, one.plain_80 ? plain : ""));
    const LoadedConfig loaded = load_json(marked.text);
    EXPECT_TRUE(loaded.startable()) << describe(loaded);
    if (one.fragment.empty()) {
      EXPECT_EQ(describe(loaded).find("acme"), std::string::npos) << describe(loaded);
    } else {
      EXPECT_TRUE(has(loaded, Severity::warning, marked.at, kAcme, one.fragment));
    }
  }
}

}  // namespace
}  // namespace transom::node::test
