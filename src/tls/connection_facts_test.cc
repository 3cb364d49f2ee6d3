#include "tls/connection_facts.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/sha.h>

#include "tls/conversation_testing.h"

namespace transom::tls {
namespace {

using test::Conversation;

class ConnectionFactsTest : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(ERR_peek_error(), 0u) << "an error was left in OpenSSL's queue"; }
  void use(const test::Identity& identity, const std::string& ciphers = "") {
    const test::TemporaryDirectory files;
    std::vector<std::string> warnings;
    ServerConfig config;
    config.certificates = {test::certificate_files(files, identity)};
    config.ciphers = ciphers;
    server_ = test::require(ServerContext::create(config, {}, warnings));
  }
  std::shared_ptr<const ServerContext> server_;
};

TEST_F(ConnectionFactsTest, SayWhatWasAgreedOn) {
  use(test::self_signed(test::ec_key()));
  const ContextHandle client = test::client_context(TLS1_3_VERSION);
  SSL_CTX_set1_groups_list(client.get(), "P-384");
  SSL_CTX_set_ciphersuites(client.get(), "TLS_CHACHA20_POLY1305_SHA256");
  Conversation conversation(*server_, client.get());
  SSL_set_tlsext_host_name(conversation.client.ssl(), "node.example");
  ASSERT_TRUE(conversation.run());
  const auto facts = connection_facts(conversation.server.native());
  EXPECT_EQ(facts.version, "TLSv1.3");
  EXPECT_EQ(facts.suite, "TLS_CHACHA20_POLY1305_SHA256");
  EXPECT_EQ(facts.group, "P-384");
  EXPECT_EQ(facts.server_name, "node.example");
  EXPECT_FALSE(facts.resumed);
  EXPECT_FALSE(facts.peer);
  EXPECT_EQ(summary(facts), "TLSv1.3 TLS_CHACHA20_POLY1305_SHA256 P-384 full sni=node.example");
}

TEST_F(ConnectionFactsTest, OfTls12) {
  use(test::self_signed(test::rsa_key(2048)), "ECDHE-RSA-AES256-GCM-SHA384:AES128-GCM-SHA256");
  const ContextHandle client = test::client_context(TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(client.get(), "ECDHE-RSA-AES256-GCM-SHA384");
  SSL_CTX_set1_groups_list(client.get(), "P-256");
  Conversation first(*server_, client.get());
  ASSERT_TRUE(first.run());
  const auto facts = connection_facts(first.server.native());
  EXPECT_EQ(facts.version, "TLSv1.2");
  EXPECT_EQ(facts.suite, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384");
  EXPECT_EQ(facts.group, "P-256");
  EXPECT_EQ(facts.server_name, "");
  Conversation second(*server_, client.get(), first.session().get());
  ASSERT_TRUE(second.run());
  EXPECT_EQ(summary(connection_facts(second.server.native())), "TLSv1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 resumed");
}

TEST_F(ConnectionFactsTest, WithoutKeyExchangeThereIsNoGroup) {
  use(test::self_signed(test::rsa_key(2048)), "AES128-GCM-SHA256");
  const ContextHandle client = test::client_context(TLS1_2_VERSION);
  Conversation conversation(*server_, client.get());
  ASSERT_TRUE(conversation.run());
  EXPECT_EQ(connection_facts(conversation.server.native()).group, "");
}

TEST_F(ConnectionFactsTest, AServerNameOfOddOctetsIsNotRepeated) {
  use(test::self_signed(test::ec_key()));
  const ContextHandle client = test::client_context(TLS1_3_VERSION);
  for (const char* name : {"ev\xff\xfe il", "a\nb", "\"x\"\x7f"}) {
    Conversation conversation(*server_, client.get());
    SSL_set_tlsext_host_name(conversation.client.ssl(), name);
    ASSERT_TRUE(conversation.run());
    EXPECT_EQ(connection_facts(conversation.server.native()).server_name, "");
  }
}

TEST_F(ConnectionFactsTest, BothSidesComputeTheSameChannelIds) {
  use(test::self_signed(test::ec_key()));
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const ContextHandle client = test::client_context(version);
    Conversation one(*server_, client.get()), other(*server_, client.get());
    ASSERT_TRUE(one.run() && other.run());
    for (const char* type : {"tls-unique", "tls-exporter"}) {
      const std::string id = channel_id(one.server.native(), type);
      EXPECT_EQ(id.size(), 32u);
      EXPECT_EQ(id, channel_id(one.client.ssl(), type)) << type << " " << version;
      EXPECT_NE(id, channel_id(other.server.native(), type));
    }
    EXPECT_EQ(channel_id(one.server.native(), "tls-server-end-point"), "");
  }
}

TEST_F(ConnectionFactsTest, TlsUniqueIsTheDigestOfTheClientsFinished) {
  use(test::self_signed(test::ec_key()));
  const ContextHandle client = test::client_context(TLS1_2_VERSION);
  Conversation conversation(*server_, client.get());
  ASSERT_TRUE(conversation.run());
  unsigned char finished[64];
  const std::size_t size = SSL_get_finished(conversation.client.ssl(), finished, sizeof finished);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(finished, size, digest);
  EXPECT_EQ(channel_id(conversation.server.native(), "tls-unique"),
            std::string(reinterpret_cast<char*>(digest), sizeof digest));
}

TEST_F(ConnectionFactsTest, ChannelIdsOfTls12NeedTheExtendedMasterSecret) {
  use(test::self_signed(test::ec_key()));
  const ContextHandle client = test::client_context(TLS1_2_VERSION);
  SSL_CTX_set_options(client.get(), SSL_OP_NO_EXTENDED_MASTER_SECRET);
  Conversation conversation(*server_, client.get());
  ASSERT_TRUE(conversation.run());
  EXPECT_EQ(channel_id(conversation.server.native(), "tls-exporter"), "");
  EXPECT_EQ(channel_id(conversation.server.native(), "tls-unique"), "");
}

}  // namespace
}  // namespace transom::tls
