// What clients get of an endpoint with several certificates, and keys that are used once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <functional>
#include <map>
#include <optional>

#include "tls/context.h"
#include "tls/test_support.h"

namespace transom::tls {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ContextHandle client_context() { return ContextHandle(SSL_CTX_new(TLS_client_method())); }

/// The octets of every handshake message that a client receives, by type.
using Messages = std::multimap<int, std::string>;
void note_message(int sent, int, int content_type, const void* data, std::size_t size, SSL*, void* to) {
  if (sent != 0 || content_type != SSL3_RT_HANDSHAKE || size == 0) return;
  const auto* octets = static_cast<const char*>(data);
  static_cast<Messages*>(to)->emplace(static_cast<unsigned char>(octets[0]), std::string(octets, size));
}

class ServerChoiceTest : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(ERR_peek_error(), 0u) << "an error was left in OpenSSL's queue"; }

  /// Adds a certificate to the configuration; its common name tells it from the others.
  void add(const std::string& label, KeyHandle key, const std::string& names,
           std::vector<std::string> server_names = {}) {
    const auto identity = test::issue(label, std::move(key), test::server_extensions(names), nullptr);
    config_.certificates.push_back({files_.write(label + ".key", identity.key_text),
                                    files_.write(label + ".pem", identity.certificate_text),
                                    {},
                                    std::move(server_names)});
  }
  void load() { server_context_ = test::require(ServerContext::create(config_, {}, warnings_)); }

  /// A handshake to its end; false if it failed. The client stays in `client_`.
  bool connect(SSL_CTX* context, const std::string& name = "") {
    if (!server_context_) load();
    client_.emplace(context);
    messages_.clear();
    SSL_set_msg_callback(client_->ssl(), note_message);
    SSL_set_msg_callback_arg(client_->ssl(), &messages_);
    if (!name.empty()) SSL_set_tlsext_host_name(client_->ssl(), name.c_str());
    Stream server(*server_context_);
    Buffer plain, network;
    bool done = false;
    for (int turn = 0; turn < 4; ++turn) {
      done = client_->handshake();
      server.receive(as_bytes(client_->take()), plain, network);
      client_->give(network.view());
      network.clear();
    }
    client_->read();
    ERR_clear_error();
    return done && server.state() == Stream::State::open;
  }
  /// The common name of the certificate that a client gets.
  std::string served(const std::string& name, const std::function<void(SSL_CTX*)>& set = nullptr) {
    const ContextHandle context = client_context();
    if (set) set(context.get());
    if (!connect(context.get(), name)) return "no handshake";
    const CertificateHandle certificate(SSL_get1_peer_certificate(client_->ssl()));
    return subject_name(certificate.get()).substr(3);
  }

  test::TemporaryDirectory files_;
  ServerConfig config_;
  std::vector<std::string> warnings_;
  std::shared_ptr<const ServerContext> server_context_;
  std::optional<test::RawClient> client_;
  Messages messages_;
};

TEST_F(ServerChoiceTest, NamesChooseExactThenWildcardThenTheFirst) {
  add("default", test::ec_key(), "DNS:default.example");
  add("exact", test::ec_key(), "DNS:www.example.com");
  add("wild", test::ec_key(), "DNS:*.example.com");
  add("given", test::ec_key(), "DNS:given.example", {"given.example"});
  EXPECT_EQ(served("default.example"), "default");
  EXPECT_EQ(served("www.example.com"), "exact");
  EXPECT_EQ(served("WWW.Example.Com."), "exact");
  EXPECT_EQ(served("mail.example.com"), "wild");
  EXPECT_EQ(served("given.example"), "given");
  EXPECT_EQ(served("a.mail.example.com"), "default");
  EXPECT_EQ(served("example.com"), "default");
  EXPECT_EQ(served("nobody.example"), "default");
  EXPECT_EQ(served(""), "default");
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(ServerChoiceTest, ClientsGetTheKindThatTheyVerify) {
  add("ec", test::ec_key(), "DNS:localhost");
  add("rsa", test::rsa_key(2048), "DNS:localhost");
  add("other-rsa", test::rsa_key(2048), "DNS:other.example");
  const auto only = [](const char* algorithms) {
    return [algorithms](SSL_CTX* context) { SSL_CTX_set1_sigalgs_list(context, algorithms); };
  };
  EXPECT_EQ(served("localhost"), "ec");
  EXPECT_EQ(served("localhost", only("ECDSA+SHA256")), "ec");
  EXPECT_EQ(served("localhost", only("rsa_pss_rsae_sha256:RSA+SHA256")), "rsa");
  EXPECT_EQ(served("other.example"), "other-rsa");
  for (const auto& [suite, expected] :
       {std::pair{"ECDHE-RSA-AES128-GCM-SHA256", "rsa"}, std::pair{"ECDHE-ECDSA-AES128-GCM-SHA256", "ec"}}) {
    EXPECT_EQ(served("localhost",
                     [list = suite](SSL_CTX* context) {
                       SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
                       SSL_CTX_set_cipher_list(context, list);
                     }),
              expected);
  }
}

TEST_F(ServerChoiceTest, EveryNameHasTheSamePolicy) {
  add("rsa", test::rsa_key(2048), "DNS:localhost");
  add("other", test::rsa_key(2048), "DNS:other.example");
  config_.dhparam_auto = true;
  config_.groups = {"P-384", "P-256"};
  for (const char* name : {"localhost", "other.example"}) {
    EXPECT_NE(served(name,
                     [](SSL_CTX* context) {
                       SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
                       SSL_CTX_set_cipher_list(context, "DHE-RSA-AES128-GCM-SHA256");
                     }),
              "no handshake");
    EXPECT_NE(served(name), "no handshake");
    const ContextHandle other_group = client_context();
    SSL_CTX_set1_groups_list(other_group.get(), "X25519");
    EXPECT_FALSE(connect(other_group.get(), name));
    const ContextHandle context = client_context();
    const unsigned char unknown[] = "\x03spd";
    SSL_CTX_set_alpn_protos(context.get(), unknown, sizeof unknown - 1);
    EXPECT_FALSE(connect(context.get(), name)) << "unknown protocols are refused after a choice by name as well";
  }
}

TEST_F(ServerChoiceTest, SessionsOfEveryNameResume) {
  add("one", test::ec_key(), "DNS:localhost");
  add("other", test::ec_key(), "DNS:other.example");
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const char* name : {"localhost", "other.example"}) {
      const ContextHandle context = client_context();
      SSL_CTX_set_max_proto_version(context.get(), version);
      ASSERT_TRUE(connect(context.get(), name));
      const std::unique_ptr<SSL_SESSION, FreeWith<SSL_SESSION_free>> session(SSL_get1_session(client_->ssl()));
      ASSERT_EQ(SSL_SESSION_is_resumable(session.get()), 1);
      SSL_shutdown(client_->ssl());  // the session of a connection that breaks off is not resumed
      client_.emplace(context.get());
      SSL_set_session(client_->ssl(), session.get());
      SSL_set_tlsext_host_name(client_->ssl(), name);
      Stream server(*server_context_);
      Buffer plain, network;
      for (int turn = 0; turn < 4; ++turn) {
        client_->handshake();
        server.receive(as_bytes(client_->take()), plain, network);
        client_->give(network.view());
        network.clear();
      }
      EXPECT_EQ(SSL_session_reused(client_->ssl()), 1) << name << " " << version;
    }
  }
}

TEST_F(ServerChoiceTest, TicketsCanBeSwitchedOff) {
  add("one", test::ec_key(), "DNS:localhost");
  add("other", test::ec_key(), "DNS:other.example");
  config_.tickets.enabled = false;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const char* name : {"localhost", "other.example"}) {
      const ContextHandle context = client_context();
      SSL_CTX_set_max_proto_version(context.get(), version);
      ASSERT_TRUE(connect(context.get(), name));
      EXPECT_EQ(messages_.count(SSL3_MT_NEWSESSION_TICKET), 0u);
    }
  }
}

TEST_F(ServerChoiceTest, AHandshakeOutlivesItsContext) {
  add("one", test::ec_key(), "DNS:localhost");
  add("other", test::ec_key(), "DNS:other.example");
  load();
  const ContextHandle context = client_context();
  test::RawClient client(context.get());
  SSL_set_tlsext_host_name(client.ssl(), "other.example");
  Stream server(*server_context_);
  server_context_.reset();  // a reload
  Buffer plain, network;
  for (int turn = 0; turn < 3; ++turn) {
    client.handshake();
    server.receive(as_bytes(client.take()), plain, network);
    client.give(network.view());
    network.clear();
  }
  EXPECT_EQ(server.state(), Stream::State::open) << server.error();
  const CertificateHandle certificate(SSL_get1_peer_certificate(client.ssl()));
  EXPECT_EQ(subject_name(certificate.get()), "CN=other");
}

TEST_F(ServerChoiceTest, SaysWhatItServes) {
  add("one", test::ec_key(), "DNS:Localhost,IP:127.0.0.1");
  add("other", test::rsa_key(2048), "DNS:*.example.com");
  load();
  const auto& served = server_context_->certificates();
  ASSERT_THAT(served, SizeIs(2));
  EXPECT_THAT(served[0].server_names, ElementsAre("localhost"));
  EXPECT_THAT(served[1].server_names, ElementsAre("*.example.com"));
  EXPECT_EQ(served[1].info.key, "RSA 2048");
  EXPECT_EQ(served[1].issuer, nullptr);
  EXPECT_THAT(server_context_->offer(),
              HasSubstr("certificates localhost (ECDSA P-256, until 2100-01-01), *.example.com (RSA 2048, until"));
}

TEST_F(ServerChoiceTest, HostnamesThatTheCertificateLacksAreWarnedOf) {
  add("one", test::ec_key(), "DNS:localhost,DNS:*.example.com",
      {"localhost", "*.example.com", "www.example.com", "example.org"});
  load();
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("does not hold the name \"example.org\"")));
}

/// The server's public value in a message: the same key would show the same octets.
class SingleUseKeys : public ServerChoiceTest {
 protected:
  std::string share(SSL_CTX* context, int type) {
    EXPECT_TRUE(connect(context, "localhost"));
    const auto message = messages_.find(type);
    return message == messages_.end() ? "" : public_value(message->second);
  }
  static std::size_t number(const std::string& octets, std::size_t at) {
    return static_cast<std::size_t>(static_cast<unsigned char>(octets.at(at)) << 8 |
                                    static_cast<unsigned char>(octets.at(at + 1)));
  }
  static std::string public_value(const std::string& message) {
    if (message[0] == SSL3_MT_SERVER_HELLO) return key_share(message);
    if (message[4] == 3) return message.substr(8, static_cast<unsigned char>(message.at(7)));  // named curve: ECDHE
    std::size_t at = 4;  // DHE: prime, generator, value, each with its length
    for (int skipped = 0; skipped < 2; ++skipped) at += 2 + number(message, at);
    return message.substr(at + 2, number(message, at));
  }
  static std::string key_share(const std::string& hello) {
    std::size_t at = 4 + 2 + 32;
    at += 1 + static_cast<unsigned char>(hello.at(at)) + 2 + 1 + 2;  // session id, suite, compression, length
    while (at < hello.size()) {
      const std::size_t type = number(hello, at), size = number(hello, at + 2);
      if (type == TLSEXT_TYPE_key_share) return hello.substr(at + 8, size - 4);
      at += 4 + size;
    }
    return "";
  }
  void expect_two_keys(SSL_CTX* context, int type, std::size_t least_size) {
    const std::string first = share(context, type), second = share(context, type);
    EXPECT_GE(first.size(), least_size);
    EXPECT_GE(second.size(), least_size);
    EXPECT_NE(first, second);
  }
};

TEST_F(SingleUseKeys, InEveryKindOfHandshake) {
  add("rsa", test::rsa_key(2048), "DNS:localhost");
  config_.dhparam_auto = true;
  const ContextHandle dhe = client_context(), ecdhe = client_context(), tls13 = client_context();
  for (SSL_CTX* context : {dhe.get(), ecdhe.get()}) SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(dhe.get(), "DHE-RSA-AES128-GCM-SHA256");
  expect_two_keys(dhe.get(), SSL3_MT_SERVER_KEY_EXCHANGE, 250);
  for (const char* group : {"P-256", "X25519"}) {
    SSL_CTX_set1_groups_list(ecdhe.get(), group);
    SSL_CTX_set1_groups_list(tls13.get(), group);
    expect_two_keys(ecdhe.get(), SSL3_MT_SERVER_KEY_EXCHANGE, 32);
    expect_two_keys(tls13.get(), SSL3_MT_SERVER_HELLO, 32);
  }
}

TEST_F(SingleUseKeys, WithParametersOfAFileToo) {
  add("rsa", test::rsa_key(2048), "DNS:localhost");
  config_.dhparam_file = files_.write("dh.pem", test::dh_parameters(2048));
  const ContextHandle dhe = client_context();
  SSL_CTX_set_max_proto_version(dhe.get(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(dhe.get(), "DHE-RSA-AES128-GCM-SHA256");
  expect_two_keys(dhe.get(), SSL3_MT_SERVER_KEY_EXCHANGE, 250);
}

}  // namespace
}  // namespace transom::tls
