// What the configuration names in the file system: node directories, keys and certificates.
#include <sys/stat.h>

#include <ctime>
#include <filesystem>
#include <fstream>

#include "node/config/config_test_support.h"
#include "node/files/test_directory.h"
#include "tls/test_support.h"

namespace transom::node::test {
namespace {

void write(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << text;
}

NodePlaceRequest from(const std::string& directory, std::map<std::string, std::string> environment = {}) {
  NodePlaceRequest request;
  request.current_directory = directory;
  request.environment = options_without_files(std::move(environment)).environment;
  return request;
}

TEST(NodeDirectory, NothingNamedIsTheDefaultNode) {
  const TestDirectory directory;
  const auto place = find_node_directory(from(directory.path()));
  ASSERT_TRUE(place);
  EXPECT_FALSE(place->named);
  EXPECT_EQ(place->config_file, "");
  EXPECT_EQ(place->directory, directory.path());
}

TEST(NodeDirectory, YamlBeforeJsonAndDotCrossbarBeforeHere) {
  const TestDirectory directory;
  write(directory.path() + "/config.json", "{}");
  EXPECT_EQ(find_node_directory(from(directory.path()))->config_file, directory.path() + "/config.json");
  write(directory.path() + "/.crossbar/config.json", "{}");
  EXPECT_EQ(find_node_directory(from(directory.path()))->config_file, directory.path() + "/.crossbar/config.json");
  write(directory.path() + "/.crossbar/config.yaml", "{}");
  const auto place = find_node_directory(from(directory.path()));
  EXPECT_EQ(place->config_file, directory.path() + "/.crossbar/config.yaml");
  EXPECT_TRUE(place->named);
}

TEST(NodeDirectory, OptionBeforeEnvironmentBeforeDotCrossbar) {
  const TestDirectory directory;
  for (const char* name : {"/.crossbar", "/one", "/two"}) write(directory.path() + name + "/config.json", "{}");
  auto request = from(directory.path(), {{"CROSSBAR_DIR", "one"}});
  EXPECT_EQ(find_node_directory(request)->directory, directory.path() + "/one");
  request.cbdir = "two/";
  EXPECT_EQ(find_node_directory(request)->directory, directory.path() + "/two");
  EXPECT_EQ(find_node_directory(from(directory.path(), {{"CROSSBAR_DIR", ""}}))->directory,
            directory.path() + "/.crossbar");
}

TEST(NodeDirectory, ANamedPlaceWithoutConfigIsAFailure) {
  const TestDirectory directory;
  auto request = from(directory.path());
  request.cbdir = "nowhere";
  EXPECT_FALSE(find_node_directory(request));
  request.cbdir = ".";
  EXPECT_FALSE(find_node_directory(request));
  EXPECT_FALSE(find_node_directory(from(directory.path(), {{"CROSSBAR_DIR", "."}})));
  request = from(directory.path());
  request.config = "my.json";
  EXPECT_FALSE(find_node_directory(request));
  std::filesystem::create_directory(directory.path() + "/.crossbar");
  EXPECT_FALSE(find_node_directory(from(directory.path())));
}

TEST(NodeDirectory, ConfigOptionIsRelativeToTheNodeOrTheCurrentDirectory) {
  const TestDirectory directory;
  write(directory.path() + "/.crossbar/a.json", "{}");
  write(directory.path() + "/b.json", "{}");
  auto request = from(directory.path());
  request.config = "a.json";
  EXPECT_EQ(find_node_directory(request)->config_file, directory.path() + "/.crossbar/a.json");
  request.config = "b.json";
  EXPECT_EQ(find_node_directory(request)->config_file, directory.path() + "/b.json");
  EXPECT_EQ(find_node_directory(request)->directory, directory.path() + "/.crossbar");
}

// -- files of the configuration -------------------------------------------------------------------------------------

class ConfigFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto identity = tls::test::self_signed(tls::test::ec_key());
    write(node() + "/key.pem", identity.key_text);
    write(node() + "/cert.pem", identity.certificate_text);
    write(node() + "/other.pem", tls::test::self_signed(tls::test::ec_key()).key_text);
    std::filesystem::create_directory(node() + "/web");
  }
  std::string node() const { return directory_.path(); }
  LoadedConfig load(const std::string& text) {
    write(node() + "/config.json", text);
    return load_config(node() + "/config.json");
  }
  static std::string with_tls(const std::string& tls) {
    return in_endpoint("\"type\": \"tcp\", \"port\": 8443, \"tls\": {" + tls + "}");
  }
  ::testing::AssertionResult error_in(const std::string& marked_text, const std::string& path, const char* fragment) {
    const MarkedText marked(marked_text);
    return has(load(marked.text), Diagnostic::Severity::error, marked.at, path, fragment);
  }
  const std::string tls_path_ = "workers[0].transports[0].endpoint.tls";
  TestDirectory directory_;
};

TEST_F(ConfigFiles, GoodKeyAndCertificate) {
  const LoadedConfig loaded = load(with_tls("\"key\": \"key.pem\", \"certificate\": \"cert.pem\""));
  EXPECT_TRUE(loaded.startable()) << describe(loaded);
  EXPECT_EQ(loaded.config.node_directory, node());
}

TEST_F(ConfigFiles, ACertificateThatEndsSoonIsWarnedOf) {
  constexpr std::int64_t kHour = 3600;
  const std::int64_t now = std::time(nullptr);
  const auto identity =
      tls::test::issue("localhost", tls::test::ec_key(), tls::test::server_extensions("DNS:localhost"), nullptr,
                       now - 1000 * kHour, now + 23 * kHour + 60);
  write(node() + "/key.pem", identity.key_text);
  write(node() + "/cert.pem", identity.certificate_text);
  const MarkedText marked(
      in_endpoint(R"("type": "tcp", "port": 1, "tls": {"key": "key.pem", "certificate": ^"cert.pem"})"));
  EXPECT_TRUE(has(load(marked.text), Diagnostic::Severity::warning, marked.at, tls_path_ + ".certificate",
                  "cert.pem: the certificate \"CN=localhost\" expires in 23 hours; renew it"));
  LoadOptions starting;
  starting.starting = true;
  EXPECT_EQ(describe(load_config(node() + "/config.json", starting)).find("23 hours"), std::string::npos)
      << "said in the log of the node";
}

TEST_F(ConfigFiles, MissingUnreadableOrMismatched) {
  EXPECT_TRUE(
      error_in(with_tls("\"key\": ^\"nokey.pem\", \"certificate\": \"cert.pem\""), tls_path_ + ".key", "there is no "));
  EXPECT_TRUE(error_in(with_tls("\"key\": \"key.pem\", \"certificate\": ^\"web\""), tls_path_ + ".certificate",
                       "is a directory"));
  ASSERT_EQ(::mkfifo((node() + "/fifo").c_str(), 0600), 0);
  EXPECT_TRUE(error_in(with_tls("\"key\": ^\"fifo\", \"certificate\": \"cert.pem\""), tls_path_ + ".key",
                       "it is a FIFO, not a regular file"));
  EXPECT_TRUE(
      error_in(with_tls("\"key\": \"key.pem\", \"certificate\": \"cert.pem\", \"chain_certificates\": [^\"c.pem\"]"),
               tls_path_ + ".chain_certificates[0]", "there is no "));
  EXPECT_TRUE(
      error_in(with_tls("\"certificate\": \"cert.pem\", \"key\": ^\"other.pem\""), tls_path_ + ".key", "belong"));
}

/// Findings about what stands in a file, or in a key, point at just that.
TEST_F(ConfigFiles, FindingsOfTlsStandAtTheirKey) {
  const std::string pair = "\"key\": \"key.pem\", \"certificate\": \"cert.pem\", ";
  write(node() + "/garbage.pem", "garbage");
  EXPECT_TRUE(error_in(with_tls(pair + "\"ciphers\": ^\"NO-SUCH\""), tls_path_ + ".ciphers", "no TLS 1.2 suite"));
  EXPECT_TRUE(error_in(with_tls(pair + "\"groups\": ^[\"NO-SUCH\"]"), tls_path_ + ".groups", "no group"));
  EXPECT_TRUE(error_in(with_tls(pair + "\"dhparam\": ^\"garbage.pem\""), tls_path_ + ".dhparam", "no PEM DH"));
  EXPECT_TRUE(error_in(with_tls("\"key\": ^\"garbage.pem\", \"certificate\": \"cert.pem\""), tls_path_ + ".key",
                       "no PEM private key"));
  EXPECT_TRUE(error_in(with_tls("\"key\": \"key.pem\", \"certificate\": ^\"garbage.pem\""), tls_path_ + ".certificate",
                       "no PEM certificate"));
  EXPECT_TRUE(error_in(with_tls(pair + "\"certificates\": [{\"key\": ^\"other.pem\", \"certificate\": \"cert.pem\"}]"),
                       tls_path_ + ".certificates[0].key", "belong"));
  EXPECT_TRUE(error_in(with_tls(pair + "\"ca_certificates\": [\"cert.pem\", ^\"garbage.pem\"]"),
                       tls_path_ + ".ca_certificates[1]", "no PEM certificate"));
  EXPECT_TRUE(error_in(with_tls(pair + "\"ca_certificates\": [\"cert.pem\"], \"crl\": [^\"garbage.pem\"]"),
                       tls_path_ + ".crl[0]", "no revocation list"));
  EXPECT_TRUE(error_in(with_tls(pair + "\"session_tickets\": {\"key_files\": [^\"garbage.pem\"]}"),
                       tls_path_ + ".session_tickets.key_files[0]", "it needs 80 random ones"));
  const MarkedText marked(with_tls(pair + "\"ciphers\": ^\"RC4-SHA:ECDHE-ECDSA-AES128-GCM-SHA256\""));
  EXPECT_TRUE(has(load(marked.text), Diagnostic::Severity::warning, marked.at, tls_path_ + ".ciphers", "RC4-SHA"));
}

TEST_F(ConfigFiles, AMissingDirectoryIsAWarning) {
  const MarkedText marked(in_paths("\"a\": {\"type\": \"static\", \"directory\": ^\"nothing\"}"));
  const LoadedConfig loaded = load(marked.text);
  EXPECT_TRUE(loaded.startable());
  EXPECT_TRUE(has(loaded, Diagnostic::Severity::warning, marked.at, "workers[0].transports[0].paths.a.directory",
                  "there is no "));
}

TEST_F(ConfigFiles, NoFileAndADirectoryAreErrors) {
  EXPECT_FALSE(load_config(node() + "/nothing.json").ok());
  EXPECT_FALSE(load_config(node()).ok());
  ASSERT_EQ(::mkfifo((node() + "/fifo.json").c_str(), 0600), 0);
  const LoadedConfig loaded = load_config(node() + "/fifo.json");
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.diagnostics[0].message, "cannot read the file: it is a FIFO, not a regular file");
}

}  // namespace
}  // namespace transom::node::test
