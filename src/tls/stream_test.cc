#include "tls/stream.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "tls/client_context.h"
#include "tls/exchange.h"
#include "tls/test_support.h"

namespace transom::tls {
namespace {

using test::RawClient;
using State = Stream::State;

std::shared_ptr<const ServerContext> server_context() {
  const test::TemporaryDirectory files;
  const test::Identity identity = test::self_signed(test::ec_key());
  std::vector<std::string> warnings;
  ServerConfig config;
  config.certificates = {
      {files.write("key.pem", identity.key_text), files.write("cert.pem", identity.certificate_text), {}}};
  return test::require(ServerContext::create(config, {}, warnings));
}

ContextHandle raw_context(int min_version, int max_version) {
  ContextHandle context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), min_version);
  SSL_CTX_set_max_proto_version(context.get(), max_version);
  return context;
}

/// A server's Stream and a client, joined by memory. What passes to the server is cut into pieces of `chunk` octets.
struct Pair {
  explicit Pair(const ServerContext& context, SSL_CTX* client_context, std::size_t piece = 1 << 20)
      : server(context), client(client_context), chunk(piece) {}

  void to_server() {
    const std::string flight = client.take();
    for (std::size_t at = 0; at < flight.size(); at += chunk) {
      server.receive(as_bytes(std::string_view(flight).substr(at, chunk)), plain, network);
    }
  }
  void to_client() {
    client.give(network.view());
    network.clear();
  }
  bool handshake() {
    for (int turn = 0; turn < 6; ++turn) {
      const bool done = client.handshake();
      to_server();
      to_client();
      if (done && server.state() == State::open) return true;
    }
    return false;
  }
  std::string take_plain() {
    std::string taken(plain.text());
    plain.clear();
    return taken;
  }

  Stream server;
  RawClient client;
  std::size_t chunk;
  Buffer plain, network;
};

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return text;
}

class StreamVersions : public ::testing::TestWithParam<int> {
 protected:
  std::shared_ptr<const ServerContext> context_ = server_context();
  ContextHandle client_context_ = raw_context(GetParam(), GetParam());
};

INSTANTIATE_TEST_SUITE_P(Tls, StreamVersions, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(StreamVersions, HandshakesAndTalksBothWays) {
  Pair pair(*context_, client_context_.get());
  ASSERT_TRUE(pair.handshake()) << pair.server.error();
  EXPECT_EQ(SSL_version(pair.server.native()), GetParam());
  SSL_write(pair.client.ssl(), "ping", 4);
  pair.to_server();
  EXPECT_EQ(pair.take_plain(), "ping");
  EXPECT_EQ(pair.server.send(as_bytes("pong"), pair.network), State::open);
  pair.to_client();
  EXPECT_EQ(pair.client.read(), "pong");
}

TEST_P(StreamVersions, WorksOctetByOctet) {
  Pair pair(*context_, client_context_.get(), 1);
  ASSERT_TRUE(pair.handshake()) << pair.server.error();
  const std::string text = pattern(40000);
  SSL_write(pair.client.ssl(), text.data(), static_cast<int>(text.size()));
  pair.to_server();
  EXPECT_EQ(pair.take_plain(), text);
}

TEST_P(StreamVersions, CarriesLargeTransfersBothWays) {
  Pair pair(*context_, client_context_.get(), 70001);
  ASSERT_TRUE(pair.handshake()) << pair.server.error();
  const std::string text = pattern(5'000'003);
  SSL_write(pair.client.ssl(), text.data(), static_cast<int>(text.size()));
  pair.to_server();
  EXPECT_TRUE(pair.take_plain() == text);
  pair.server.send(as_bytes(text), pair.network);
  pair.to_client();
  EXPECT_TRUE(pair.client.read() == text);
}

TEST_P(StreamVersions, SeesAndSendsCloseNotify) {
  Pair pair(*context_, client_context_.get());
  ASSERT_TRUE(pair.handshake());
  SSL_write(pair.client.ssl(), "last", 4);
  SSL_shutdown(pair.client.ssl());
  pair.to_server();
  EXPECT_EQ(pair.server.state(), State::peer_closed);
  EXPECT_EQ(pair.take_plain(), "last");
  EXPECT_TRUE(pair.server.error().empty());
  pair.server.shut_down(pair.network);
  const std::size_t once = pair.network.size();
  EXPECT_GT(once, 0u);
  pair.server.shut_down(pair.network);
  EXPECT_EQ(pair.network.size(), once);
  pair.to_client();
  EXPECT_EQ(pair.client.read(), "");
  EXPECT_NE(SSL_get_shutdown(pair.client.ssl()) & SSL_RECEIVED_SHUTDOWN, 0);
}

TEST_P(StreamVersions, GarbageAfterTheHandshakeFailsOnceWithAnAlert) {
  Pair pair(*context_, client_context_.get());
  ASSERT_TRUE(pair.handshake());
  SSL_write(pair.client.ssl(), "ping", 4);
  std::string record = pair.client.take();
  record.back() = static_cast<char>(record.back() ^ 1);
  EXPECT_EQ(pair.server.receive(as_bytes(record), pair.plain, pair.network), State::failed);
  EXPECT_NE(pair.server.error().find("cannot be decrypted"), std::string::npos) << pair.server.error();
  EXPECT_TRUE(pair.plain.empty());
  EXPECT_FALSE(pair.network.empty());
  pair.to_client();
  EXPECT_EQ(pair.client.read(), "");
  EXPECT_EQ(ERR_GET_REASON(ERR_peek_error()), SSL_AD_REASON_OFFSET + SSL_AD_BAD_RECORD_MAC);
  ERR_clear_error();
  EXPECT_EQ(pair.server.receive(as_bytes(record), pair.plain, pair.network), State::failed);
  EXPECT_EQ(pair.server.send(as_bytes("x"), pair.network), State::failed);
  pair.server.shut_down(pair.network);
  EXPECT_TRUE(pair.network.empty());
}

TEST_P(StreamVersions, ResumesByTicket) {
  SSL_CTX_set_session_cache_mode(client_context_.get(), SSL_SESS_CACHE_CLIENT);
  static SSL_SESSION* session;  // the callback has no argument of ours
  session = nullptr;
  SSL_CTX_sess_set_new_cb(client_context_.get(), [](SSL*, SSL_SESSION* fresh) {
    SSL_SESSION_free(session);
    session = fresh;
    return 1;
  });
  Pair first(*context_, client_context_.get());
  ASSERT_TRUE(first.handshake());
  first.client.read();
  EXPECT_EQ(SSL_session_reused(first.server.native()), 0);
  SSL_shutdown(first.client.ssl());
  ASSERT_NE(session, nullptr);
  Pair second(*context_, client_context_.get());
  SSL_set_session(second.client.ssl(), session);
  ASSERT_TRUE(second.handshake());
  EXPECT_EQ(SSL_session_reused(second.server.native()), 1);
  SSL_shutdown(second.client.ssl());
  SSL_SESSION_free(session);
}

TEST_P(StreamVersions, ChoosesHttp11) {
  Pair pair(*context_, client_context_.get());
  SSL_set_alpn_protos(pair.client.ssl(), reinterpret_cast<const unsigned char*>("\x02h2\x08http/1.1"), 12);
  ASSERT_TRUE(pair.handshake());
  const unsigned char* chosen = nullptr;
  unsigned int length = 0;
  SSL_get0_alpn_selected(pair.client.ssl(), &chosen, &length);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), length), "http/1.1");
}

TEST_P(StreamVersions, RefusesUnknownOnlyProtocols) {
  Pair pair(*context_, client_context_.get());
  SSL_set_alpn_protos(pair.client.ssl(), reinterpret_cast<const unsigned char*>("\x02h2\x03xyz"), 7);
  EXPECT_FALSE(pair.handshake());
  EXPECT_EQ(pair.server.state(), State::failed);
  EXPECT_NE(pair.server.error().find("ALPN"), std::string::npos) << pair.server.error();
  ERR_clear_error();
  EXPECT_FALSE(pair.client.handshake());
}

TEST_P(StreamVersions, KeepsNoBuffersBetweenCalls) {
  Pair pair(*context_, client_context_.get());
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(BIO_get_data(SSL_get_rbio(pair.server.native())), nullptr);
  EXPECT_EQ(SSL_get_rbio(pair.server.native()), SSL_get_wbio(pair.server.native()));
  EXPECT_LE(sizeof(Stream), 24u);
}

class StreamTest : public ::testing::Test {
 protected:
  /// What the server says of `octets` from a stranger, which get exactly one alert.
  std::string first_words(std::string_view octets) {
    Stream server(*context_);
    EXPECT_EQ(server.receive(as_bytes(octets), plain_, network_), State::failed);
    EXPECT_TRUE(plain_.empty());
    return server.error();
  }

  std::shared_ptr<const ServerContext> context_ = server_context();
  Buffer plain_, network_;
};

TEST_F(StreamTest, OffersTls13SuitesAndGroups) {
  const ContextHandle client_context = raw_context(TLS1_2_VERSION, TLS1_3_VERSION);
  Pair pair(*context_, client_context.get());
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(SSL_version(pair.server.native()), TLS1_3_VERSION);
  EXPECT_EQ(SSL_get_negotiated_group(pair.server.native()), NID_X25519);
}

TEST_F(StreamTest, RefusesTls11AndSaysSo) {
  const ContextHandle client_context = raw_context(TLS1_VERSION, TLS1_1_VERSION);
  SSL_CTX_set_cipher_list(client_context.get(), "ALL:@SECLEVEL=0");
  Pair pair(*context_, client_context.get());
  EXPECT_FALSE(pair.handshake());
  EXPECT_EQ(pair.server.error(), "the client offers TLS 1.1 only; this node needs 1.2 or 1.3");
  ERR_clear_error();
}

TEST_F(StreamTest, NamesTheMissingCommonSuite) {
  const ContextHandle client_context = raw_context(TLS1_2_VERSION, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(client_context.get(), "AES128-SHA");
  Pair pair(*context_, client_context.get());
  EXPECT_FALSE(pair.handshake());
  EXPECT_NE(pair.server.error().find("no cipher suite in common"), std::string::npos) << pair.server.error();
  ERR_clear_error();
}

TEST_F(StreamTest, NamesPlainHttp) {
  EXPECT_NE(first_words("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").find("plain HTTP"), std::string::npos);
}

TEST_F(StreamTest, NamesWhatIsNoTls) {
  EXPECT_NE(first_words("SSH-2.0-OpenSSH_9.2p1\r\n").find("did not send TLS"), std::string::npos);
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST_F(StreamTest, OversizedRecordFails) {
  EXPECT_NE(first_words(std::string("\x16\x03\x01\xff\xff\x01\x00\x00\x01", 9) + std::string(100, 'x')), "");
  EXPECT_FALSE(network_.empty());
}

TEST_F(StreamTest, AnEndlessHandshakeFails) {
  Stream server(*context_);
  // A ClientHello of 131,000 octets in records of 1,000: OpenSSL would take it.
  const std::string first("\x16\x03\x01\x03\xe8\x01\x01\xff\xb8\x03\x03", 11);
  server.receive(as_bytes(first + std::string(1000 - 6, 'a')), plain_, network_);
  const std::string more = std::string("\x16\x03\x01\x03\xe8", 5) + std::string(1000, 'a');
  int records = 1;
  while (server.state() == State::handshaking && records < 200) {
    server.receive(as_bytes(more), plain_, network_);
    ++records;
  }
  EXPECT_EQ(server.error(), "the handshake is too long");
  EXPECT_LT(records, 70);
}

TEST_F(StreamTest, NamesTheAlertOfADistrustfulClient) {
  const auto client_context = make_client_context("");
  ASSERT_TRUE(client_context) << client_context.error().message;
  Pair pair(*context_, client_context->get());
  EXPECT_FALSE(pair.handshake());
  pair.to_server();
  EXPECT_EQ(pair.server.error(),
            "the peer does not trust the certificate: its authority is unknown there (alert unknown_ca)");
  ERR_clear_error();
}

TEST_F(StreamTest, RefusesRenegotiation) {
  const ContextHandle client_context = raw_context(TLS1_2_VERSION, TLS1_2_VERSION);
  Pair pair(*context_, client_context.get());
  ASSERT_TRUE(pair.handshake());
  SSL_renegotiate(pair.client.ssl());
  SSL_do_handshake(pair.client.ssl());
  pair.to_server();
  EXPECT_EQ(pair.server.state(), State::failed);
  EXPECT_NE(pair.server.error().find("renegotiate"), std::string::npos) << pair.server.error();
}

/// Key updates with `payload` octets of data after each, until the server fails or `most` are through.
int key_updates_until_failure(Pair& pair, std::size_t payload, int most) {
  const std::string data = pattern(payload);
  for (int i = 0; i < most; ++i) {
    SSL_key_update(pair.client.ssl(), SSL_KEY_UPDATE_REQUESTED);
    SSL_write(pair.client.ssl(), data.data(), static_cast<int>(data.size()));
    pair.to_server();
    pair.plain.clear();
    if (pair.server.state() != State::open) return i;
    pair.server.send(as_bytes("x"), pair.network);
    pair.to_client();
    pair.client.read();
  }
  return most;
}

TEST_F(StreamTest, FailsOnAFloodOfKeyUpdates) {
  const ContextHandle client_context = raw_context(TLS1_3_VERSION, TLS1_3_VERSION);
  Pair pair(*context_, client_context.get());
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(key_updates_until_failure(pair, 10, 100), 16);
  EXPECT_NE(pair.server.error().find("flood of key updates"), std::string::npos) << pair.server.error();
}

TEST_F(StreamTest, AllowsKeyUpdatesThatComeWithData) {
  const ContextHandle client_context = raw_context(TLS1_3_VERSION, TLS1_3_VERSION);
  Pair pair(*context_, client_context.get());
  ASSERT_TRUE(pair.handshake());
  EXPECT_EQ(key_updates_until_failure(pair, key_update_price, 50), 50);
}

class ClientStreamTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_context_ = test::require(ServerContext::create(config(), {}, warnings_));
    client_context_ = test::require(make_client_context(files_.path("cert.pem")));
  }
  ServerConfig config() {
    const test::Identity identity = test::self_signed(test::ec_key());
    ServerConfig made;
    made.certificates = {
        {files_.write("key.pem", identity.key_text), files_.write("cert.pem", identity.certificate_text), {}}};
    return made;
  }
  /// Lets both talk until neither has more to say.
  void talk(Stream& client, Stream& server) {
    Buffer to_server, to_client, plain;
    client.start(to_server);
    for (int turn = 0; turn < 6; ++turn) {
      server.receive(to_server.view(), plain, to_client);
      to_server.clear();
      client.receive(to_client.view(), plain, to_server);
      to_client.clear();
    }
  }

  test::TemporaryDirectory files_;
  std::vector<std::string> warnings_;
  std::shared_ptr<const ServerContext> server_context_;
  ContextHandle client_context_;
};

TEST_F(ClientStreamTest, AcceptsNamesAndAddressesOfTheCertificate) {
  for (const char* host : {"localhost", "localhost.", "127.0.0.1", "::1", "[::1]"}) {
    Stream client(client_context_.get(), host);
    Stream server(*server_context_);
    talk(client, server);
    EXPECT_EQ(client.state(), State::open) << host << ": " << client.error();
    EXPECT_EQ(server.state(), State::open) << server.error();
  }
}

TEST_F(ClientStreamTest, RefusesOtherHosts) {
  for (const char* host : {"example.com", "127.0.0.2", "::2"}) {
    Stream client(client_context_.get(), host);
    Stream server(*server_context_);
    talk(client, server);
    EXPECT_EQ(client.state(), State::failed) << host;
    EXPECT_NE(client.error().find("mismatch"), std::string::npos) << client.error();
    EXPECT_EQ(server.state(), State::failed);
  }
}

TEST_F(ClientStreamTest, RefusesAnImpossibleHost) {
  Stream client(client_context_.get(), "");
  Buffer out;
  EXPECT_EQ(client.start(out), State::failed);
  EXPECT_TRUE(out.empty());
  EXPECT_FALSE(client.error().empty());
}

}  // namespace
}  // namespace transom::tls
