#include "tls/acme_handshake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tls/conversation_testing.h"

namespace transom::tls {
namespace {

using test::Conversation;
using ::testing::HasSubstr;
using State = Stream::State;

class AcmeHandshake : public ::testing::TestWithParam<int> {
 protected:
  AcmeHandshake() {
    const test::Identity shown =
        test::issue("challenge", test::ec_key(), test::server_extensions("DNS:a.example"), nullptr);
    entry_.reset(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    SSL_CTX_use_certificate(entry_.get(), shown.certificate.get());
    SSL_CTX_use_PrivateKey(entry_.get(), shown.key.get());
    config_.certificates = {pair("ordinary", "DNS:b.example", test::ec_key()),
                            pair("other", "DNS:a.example", test::ec_key())};
    SystemRandom random;
    resources_.acme_challenges = std::make_shared<AcmeChallenges>();
    resources_.ticket_keys = std::make_shared<TicketKeys>(random);
    resources_.acme_challenges->put_alpn("a.example", entry_);
  }

  CertificateConfig pair(const std::string& name, const std::string& names, KeyHandle key) {
    const test::Identity made = test::issue(name, std::move(key), test::server_extensions(names), nullptr);
    CertificateConfig config;
    config.key_file = files_.write(name + ".key", made.key_text);
    config.certificate_file = files_.write(name + ".pem", made.certificate_text);
    return config;
  }

  std::shared_ptr<const ServerContext> create() {
    std::vector<std::string> warnings;
    return test::require(ServerContext::create(config_, resources_, warnings));
  }

  /// `protocols` in the form of the wire.
  static void prepare(Conversation& conversation, const std::string& name, const std::string& protocols) {
    SSL* client = conversation.client.ssl();
    if (!name.empty()) SSL_set_tlsext_host_name(client, name.c_str());
    SSL_set_alpn_protos(client, reinterpret_cast<const unsigned char*>(protocols.data()),
                        static_cast<unsigned int>(protocols.size()));
  }
  static std::string shown_to(Conversation& conversation) {
    const CertificateHandle certificate(SSL_get1_peer_certificate(conversation.client.ssl()));
    return certificate ? subject_name(certificate.get()) : "";
  }
  static std::string protocol_of(Conversation& conversation) {
    const unsigned char* name = nullptr;
    unsigned int length = 0;
    SSL_get0_alpn_selected(conversation.client.ssl(), &name, &length);
    return {reinterpret_cast<const char*>(name), length};
  }

  const std::string acme_ =
                        "\x0a"
                        "acme-tls/1",
                    http_ = "\x08http/1.1";
  test::TemporaryDirectory files_;
  ServerConfig config_;
  ServerResources resources_;
  std::shared_ptr<SSL_CTX> entry_;
  const ContextHandle client_ = test::client_context(GetParam());
};

TEST_P(AcmeHandshake, ShowsTheCertificateOfTheChallengeAndNoMore) {
  const auto context = create();
  for (const std::string name : {"a.example", "A.Example"}) {
    Conversation conversation(*context, client_.get());
    prepare(conversation, name, acme_);
    EXPECT_FALSE(conversation.run());
    EXPECT_EQ(conversation.client_error, "");
    EXPECT_EQ(shown_to(conversation), "CN=challenge");
    EXPECT_EQ(protocol_of(conversation), "acme-tls/1");
    EXPECT_EQ(conversation.server.state(), State::complete);

    SSL_write(conversation.client.ssl(), "GET /", 5);
    EXPECT_EQ(
        conversation.server.receive(as_bytes(conversation.client.take()), conversation.plain, conversation.network),
        State::complete);
    EXPECT_EQ(conversation.plain.size(), 0u);
    EXPECT_EQ(conversation.server.send(as_bytes("data"), conversation.network), State::complete);
    EXPECT_EQ(conversation.network.size(), 0u);
    conversation.server.shut_down(conversation.network);
    conversation.client.give(conversation.network.view());
    conversation.client.read();
    EXPECT_NE(SSL_get_shutdown(conversation.client.ssl()) & SSL_RECEIVED_SHUTDOWN, 0);
    ERR_clear_error();
  }
}

TEST_P(AcmeHandshake, WithoutAnEntryNobodySpeaksTheProtocol) {
  const auto context = create();
  for (const std::string name : {"b.example", "", "a.example.org"}) {
    Conversation conversation(*context, client_.get());
    prepare(conversation, name, acme_);
    EXPECT_FALSE(conversation.run());
    EXPECT_EQ(conversation.server.state(), State::failed);
    EXPECT_THAT(conversation.client_error, HasSubstr("no application protocol"));
  }
  resources_.acme_challenges->remove_alpn("a.example");
  Conversation conversation(*context, client_.get());
  prepare(conversation, "a.example", acme_);
  EXPECT_FALSE(conversation.run());
  EXPECT_THAT(conversation.client_error, HasSubstr("no application protocol"));
}

TEST_P(AcmeHandshake, OtherClientsAreServedMeanwhile) {
  const auto context = create();
  for (const std::string& protocols : {acme_ + http_, http_ + acme_, http_}) {
    Conversation conversation(*context, client_.get());
    prepare(conversation, "a.example", protocols);
    EXPECT_TRUE(conversation.run()) << conversation.server.error();
    EXPECT_EQ(shown_to(conversation), "CN=other");
    EXPECT_EQ(protocol_of(conversation), "http/1.1");
  }
}

TEST_P(AcmeHandshake, NoCertificateOfTheAskerIsNeeded) {
  config_.client_auth.mode = ClientAuth::required;
  config_.client_auth.ca_files = {config_.certificates[0].certificate_file};
  const auto context = create();
  Conversation ordinary(*context, client_.get());
  prepare(ordinary, "a.example", http_);
  EXPECT_FALSE(ordinary.run());
  Conversation conversation(*context, client_.get());
  prepare(conversation, "a.example", acme_);
  conversation.run();
  EXPECT_EQ(conversation.server.state(), State::complete) << conversation.server.error();
}

TEST_P(AcmeHandshake, NoSessionIsResumedOrKept) {
  const auto context = create();
  Conversation ordinary(*context, client_.get());
  prepare(ordinary, "a.example", http_);
  ASSERT_TRUE(ordinary.run());
  const auto session = ordinary.session();
  ASSERT_EQ(SSL_SESSION_has_ticket(session.get()), 1);

  Conversation conversation(*context, client_.get(), session.get());
  prepare(conversation, "a.example", acme_);
  conversation.run();
  EXPECT_EQ(conversation.server.state(), State::complete) << conversation.server.error();
  EXPECT_FALSE(conversation.resumed());
  EXPECT_EQ(shown_to(conversation), "CN=challenge");
  EXPECT_EQ(SSL_SESSION_has_ticket(conversation.session().get()), 0);

  Conversation again(*context, client_.get(), session.get());
  prepare(again, "a.example", http_);
  EXPECT_TRUE(again.run());
  EXPECT_TRUE(again.resumed());
}

TEST_P(AcmeHandshake, TheEndpointsOwnKindOfKeyDoesNotMatter) {
  config_.certificates = {pair("rsa", "DNS:a.example", test::rsa_key(2048)),
                          pair("ec", "DNS:a.example", test::ec_key())};
  const auto context = create();
  Conversation conversation(*context, client_.get());
  SSL_set1_sigalgs_list(conversation.client.ssl(), "RSA-PSS+SHA256:RSA+SHA256:ECDSA+SHA256");
  prepare(conversation, "a.example", acme_);
  conversation.run();
  EXPECT_EQ(conversation.server.state(), State::complete) << conversation.server.error();
  EXPECT_EQ(shown_to(conversation), "CN=challenge");
}

TEST_P(AcmeHandshake, AnEntryWithoutACertificateIsAnErrorOfOurs) {
  resources_.acme_challenges->put_alpn("a.example", {SSL_CTX_new(TLS_server_method()), SSL_CTX_free});
  const auto context = create();
  Conversation conversation(*context, client_.get());
  prepare(conversation, "a.example", acme_);
  EXPECT_FALSE(conversation.run());
  EXPECT_EQ(conversation.server.state(), State::failed);
  EXPECT_THAT(conversation.client_error, HasSubstr("internal error"));
}

INSTANTIATE_TEST_SUITE_P(Versions, AcmeHandshake, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& version) { return version.param == TLS1_2_VERSION ? "Tls12" : "Tls13"; });

}  // namespace
}  // namespace transom::tls
