// `auth.tls`: principals by client certificates.
#include "node/config/config_test_support.h"

namespace transom::node::test {
namespace {

using By = router::TlsPrincipal::By;
using Severity = Diagnostic::Severity;

const std::string kTransport = "workers[0].transports[0]";
const std::string kTls = kTransport + ".auth.tls";
const std::string kSha1 = "0123456789abcdef0123456789ABCDEF01234567";
const std::string kSha256 = kSha1 + "0123456789abcdef01234567";

/// A transport whose endpoint asks for certificates, and what one principal says of its own.
std::string in_principal(const std::string& part, const std::string& more_tls = ", \"ca_certificates\": [\"ca\"]") {
  return in_transports(
      "{\"type\": \"websocket\", \"options\": {\"allowed_origins\": [\"*\"]},\n"
      " \"endpoint\": {\"type\": \"tcp\", \"port\": 1, \"tls\": {\"key\": \"k\", \"certificate\": \"c\"" +
      more_tls +
      "}},\n"
      " \"auth\": {\"tls\": {\"type\": \"static\", \"principals\": {\"joe\": {\"role\": \"anonymous\"," +
      part + "}}}}}");
}

router::TlsPrincipal principal(const std::string& part) {
  const LoadedConfig loaded = load_json(in_principal(part));
  EXPECT_TRUE(loaded.startable()) << describe(loaded);
  const auto& auth = loaded.config.workers.at(0).transports.at(0).websocket->auth;
  return auth && auth->tls && auth->tls->count("joe") == 1 ? auth->tls->at("joe") : router::TlsPrincipal{};
}

TEST(TlsAuthConfig, FingerprintsOfAnyLook) {
  const std::string canonical = "01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67";
  for (const std::string& written : {kSha1, canonical, "01:" + kSha1.substr(2)}) {
    const auto read = principal("\"certificate-sha1\": \"" + written + "\"");
    EXPECT_EQ(read.by, By::sha1);
    EXPECT_EQ(read.value, canonical);
    EXPECT_EQ(read.role, "anonymous");
  }
  const auto read = principal("\"certificate-sha256\": \"" + kSha256 + "\"");
  EXPECT_EQ(read.by, By::sha256);
  EXPECT_EQ(read.value.size(), 95u);
}

TEST(TlsAuthConfig, SubjectsAndNames) {
  EXPECT_EQ(principal("\"subject\": \"CN=joe,O=Example\"").by, By::subject);
  for (const std::string name : {"DNS:a.example", "email:joe@example.net", "URI:urn:joe", "IP:::1"}) {
    const auto read = principal("\"san\": \"" + name + "\"");
    EXPECT_EQ(read.by, By::san);
    EXPECT_EQ(read.value, name);
  }
}

TEST(TlsAuthConfig, Sha1IsWarnedOf) {
  const MarkedText marked(in_principal("\"certificate-sha1\": ^\"" + kSha1 + "\""));
  EXPECT_TRUE(has(load_json(marked.text), Severity::warning, marked.at, kTls + ".principals.joe.certificate-sha1",
                  "SHA-1 is old"));
}

TEST(TlsAuthConfig, WrongPrincipals) {
  const struct {
    std::string part, key, fragment;
  } cases[] = {
      {"\"certificate-sha256\": ^\"" + kSha1 + "\"", ".certificate-sha256", "no sha256 fingerprint"},
      {"\"certificate-sha1\": ^\"" + kSha256 + "\"", ".certificate-sha1", "no sha1 fingerprint"},
      {"\"certificate-sha256\": ^\"" + kSha256.substr(1) + "x\"", ".certificate-sha256", "openssl x509"},
      {"\"certificate-sha256\": ^\"\"", ".certificate-sha256", "no sha256 fingerprint"},
      {"\"subject\": ^\"joe\"", ".subject", "no subject"},
      {"\"subject\": ^\"/O=Example/CN=joe\"", ".subject", "the form with slashes"},
      {"\"subject\": ^\"/CN=joe\"", ".subject", "\"CN=joe,O=Example\""},
      {"\"san\": ^\"joe@example.net\"", ".san", "no subject alternative name"},
      {"\"san\": ^\"dns:a\"", ".san", "\"DNS:..\""},
      {"\"san\": ^\"DNS:\"", ".san", "no subject alternative name"},
  };
  for (const auto& wrong : cases) {
    const MarkedText marked(in_principal(wrong.part));
    EXPECT_TRUE(
        has(load_json(marked.text), Severity::error, marked.at, kTls + ".principals.joe" + wrong.key, wrong.fragment));
  }
}

TEST(TlsAuthConfig, ExactlyOneWayToKnowTheCertificate) {
  EXPECT_NE(describe(load_json(in_principal("\"subject\": \"CN=joe\", \"san\": \"DNS:a\""))).find("several ways"),
            std::string::npos);
  const std::string none =
      in_auth("\"tls\": {\"type\": \"static\", \"principals\": {\"joe\": {\"role\": \"anonymous\"}}}");
  EXPECT_NE(describe(load_json(none)).find("does not stand here"), std::string::npos);
}

TEST(TlsAuthConfig, TheEndpointMustAskForCertificates) {
  const std::string methods =
      "\"tls\": ^{\"type\": \"static\", \"principals\": {\"joe\": {\"role\": \"anonymous\", \"subject\": \"CN=joe\"}}}";
  const MarkedText clear(in_auth(methods));
  EXPECT_TRUE(has(load_json(clear.text), Severity::error, clear.at, kTls, "need TLS"));
  for (const std::string more : {"", ", \"ca_certificates\": [\"ca\"], \"client_auth\": \"none\""}) {
    const LoadedConfig loaded = load_json(in_principal("\"subject\": \"CN=joe\"", more));
    EXPECT_NE(describe(loaded).find("asks nobody for a certificate"), std::string::npos) << describe(loaded);
  }
  const MarkedText path(in_paths(
      "\"ws\": {\"type\": \"websocket\", \"options\": {\"allowed_origins\": [\"*\"]}, \"auth\": {" + methods + "}}"));
  EXPECT_TRUE(has(load_json(path.text), Severity::error, path.at, kTransport + ".paths.ws.auth.tls", "need TLS"));
}

}  // namespace
}  // namespace transom::node::test
