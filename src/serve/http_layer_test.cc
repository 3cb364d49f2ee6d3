#include "serve/http_layer.h"

#include <gtest/gtest.h>

#include "serve/fake_http.h"

namespace transom::serve {
namespace {

TransportConfig config_with_json() {
  TransportConfig config;
  JsonConfig json;
  json.value = {{"answer", 42}};
  config.paths["j"].service = json;
  config.paths["go"].service = RedirectConfig{"https://example.com/"};
  WebSocketConfig websocket;
  websocket.serializers = {wamp::SerializerId::cbor, wamp::SerializerId::json};
  config.paths["ws"].service = websocket;
  return config;
}

class HttpLayerTest : public testing::Test {
 protected:
  HttpClient& client() {
    if (!site_) {
      site_ = std::make_unique<Site>(config, context);
      client_ = std::make_unique<HttpClient>(*site_);
    }
    return *client_;
  }
  FakeConnection& connection() { return *client().connection; }
  WebSocketOptions& websocket_options() { return std::get<WebSocketConfig>(config.paths["ws"].service).options; }

  std::string upgrade(const std::string& fields, const std::string& target = "/ws") {
    client().reconnect();
    return client().ask("GET " + target +
                        " HTTP/1.1\r\nHost: localhost:8443\r\nUpgrade: websocket\r\nConnection: keep-alive, "
                        "Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                        fields + "\r\n");
  }

  TransportConfig config = config_with_json();
  SiteContext context;

 private:
  std::unique_ptr<Site> site_;
  std::unique_ptr<HttpClient> client_;
};

TEST_F(HttpLayerTest, AnswersWithDateAndLength) {
  const std::string response = client().get("/j");
  EXPECT_EQ(status_of(response), 200);
  EXPECT_EQ(field_of(response, "Date"), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(field_of(response, "Content-Length"), "13");
  EXPECT_EQ(field_of(response, "Content-Type"), "application/json");
  EXPECT_EQ(field_of(response, "Connection"), "");
  EXPECT_EQ(field_of(response, "Server"), "");
  EXPECT_EQ(body_of(response), "{\"answer\":42}");
  EXPECT_FALSE(connection().closed);
  EXPECT_TRUE(connection().established);
  EXPECT_EQ(connection().deadline_ms, config.web.client_timeout_ms);
}

TEST_F(HttpLayerTest, TakesInputInAnyPieces) {
  const std::string requests =
      "GET /j HTTP/1.1\r\nHost: a\r\n\r\nPOST /j HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /none HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string whole = client().ask(requests);
  EXPECT_NE(whole.find("HTTP/1.1 200 OK"), std::string::npos);
  EXPECT_NE(whole.find("HTTP/1.1 405 "), std::string::npos);
  EXPECT_NE(whole.find("HTTP/1.1 404 "), std::string::npos);
  for (const std::size_t step : {1u, 2u, 7u, 31u}) {
    client().reconnect();
    for (std::size_t at = 0; at < requests.size(); at += step) client().feed(requests.substr(at, step));
    EXPECT_EQ(connection().take(), whole) << step;
  }
}

TEST_F(HttpLayerTest, HeadHasNoBodyAndHttp10Closes) {
  const std::string head = client().ask("HEAD /j HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(field_of(head, "Content-Length"), "13");
  EXPECT_EQ(body_of(head), "");
  const std::string old = client().ask("GET /j HTTP/1.0\r\n\r\n");
  EXPECT_EQ(status_of(old), 200);
  EXPECT_EQ(field_of(old, "Connection"), "close");
  EXPECT_TRUE(connection().closed);
  client().reconnect();
  EXPECT_EQ(field_of(client().ask("GET /j HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), "Connection"), "keep-alive");
  EXPECT_FALSE(connection().closed);
}

TEST_F(HttpLayerTest, ConnectionCloseIsHonouredAndWhatFollowsIgnored) {
  const std::string response =
      client().ask("GET /j HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /j HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(field_of(response, "Connection"), "close");
  EXPECT_EQ(response.find("HTTP/1.1", 10), std::string::npos);
  EXPECT_EQ(connection().closed, CloseReason::peer_closed);
}

TEST_F(HttpLayerTest, SaysContinueOnce) {
  EXPECT_EQ(client().ask("POST /j HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"),
            "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(connection().deadline_ms, HttpLayer::kBodyTimeoutMs);
  EXPECT_EQ(client().ask("ab"), "");
  EXPECT_EQ(status_of(client().ask("cd")), 405);
}

TEST_F(HttpLayerTest, RefusesWhatIsNoHttp) {
  const std::pair<const char*, int> cases[] = {
      {"GET /j HTTP/1.1\nHost: a\n\n", 400},
      {"GET /j HTTP/1.1\r\nHost : a\r\n\r\n", 400},
      {"GET /j HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"GET /j HTTP/1.1\r\n\r\n", 400},
      {"GET /j HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"GET /%2e%2e/j HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /a%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"\x16\x03\x01\x02", 400},
  };
  for (const auto& [octets, status] : cases) {
    client().reconnect();
    const std::string response = client().ask(octets);
    EXPECT_EQ(status_of(response), status) << octets;
    EXPECT_EQ(field_of(response, "Connection"), "close") << octets;
    EXPECT_EQ(connection().closed, CloseReason::http_error) << octets;
  }
  client().reconnect();
  EXPECT_EQ(status_of(client().ask("GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n")), 414);
  client().reconnect();
  EXPECT_EQ(status_of(client().ask("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'a'))), 431);
  client().reconnect();
  EXPECT_EQ(status_of(client().ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n")), 413);
}

TEST_F(HttpLayerTest, HeadDeadlineIsAbsolute) {
  EXPECT_EQ(client().connection->deadline_ms, HttpLayer::kHeadTimeoutMs);
  connection().deadline_ms = 1;
  client().feed("GET /j HT");
  client().feed("TP/1.1\r\n");
  EXPECT_EQ(connection().deadline_ms, 1u);  // not pushed by dripping octets
  client().layer->on_deadline();
  EXPECT_EQ(status_of(connection().take()), 408);
  EXPECT_EQ(connection().closed, CloseReason::handshake_timeout);
}

TEST_F(HttpLayerTest, SilentAndIdleConnectionsEndWithoutAnAnswer) {
  client().layer->on_deadline();
  EXPECT_EQ(connection().take(), "");
  EXPECT_EQ(connection().closed, CloseReason::handshake_timeout);
  client().reconnect();
  client().get("/j");
  client().layer->on_deadline();
  EXPECT_EQ(connection().take(), "");
  EXPECT_EQ(connection().closed, CloseReason::idle_timeout);
}

TEST_F(HttpLayerTest, LaterHeadHasItsOwnDeadline) {
  client().get("/j");
  client().feed("G");
  EXPECT_EQ(connection().deadline_ms, HttpLayer::kHeadTimeoutMs);
  client().layer->on_deadline();
  EXPECT_EQ(status_of(connection().take()), 408);
}

TEST_F(HttpLayerTest, ShutdownClosesIdleOnes) {
  client().get("/j");
  client().layer->on_shutdown();
  EXPECT_EQ(connection().closed, CloseReason::server_shutdown);
}

TEST_F(HttpLayerTest, PipelineWaitsForAClientThatDoesNotRead) {
  connection().stalled = true;
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "GET /j HTTP/1.1\r\nHost: a\r\n\r\n";
  client().feed(many);
  EXPECT_LT(connection().sent.size(), 300u << 10);
  EXPECT_TRUE(connection().reading_paused);
  connection().stalled = false;
  connection().queued = 0;
  client().layer->on_drained();
  EXPECT_FALSE(connection().reading_paused);
  const std::string all = connection().take();
  std::size_t count = 0;
  for (auto at = all.find("HTTP/1.1 200"); at != std::string::npos; at = all.find("HTTP/1.1 200", at + 1)) ++count;
  EXPECT_EQ(count, 20'000u);
}

TEST_F(HttpLayerTest, StalledClientIsGivenUp) {
  connection().stalled = true;
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "GET /j HTTP/1.1\r\nHost: a\r\n\r\n";
  client().feed(many);
  client().layer->on_deadline();
  EXPECT_FALSE(connection().aborted);
  client().layer->on_deadline();
  EXPECT_EQ(connection().aborted, CloseReason::slow_consumer);
}

TEST_F(HttpLayerTest, LoopbackNodeRefusesOtherHosts) {
  config.web.loopback_hosts_only = true;
  EXPECT_EQ(status_of(client().ask("GET /j HTTP/1.1\r\nHost: localhost:8443\r\n\r\n")), 200);
  EXPECT_EQ(status_of(client().ask("GET /j HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n")), 200);
  const std::string response = client().ask("GET /j HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_EQ(status_of(response), 421);
  EXPECT_NE(body_of(response).find("rebinding"), std::string::npos);
  client().reconnect();
  EXPECT_EQ(status_of(client().ask("GET /j HTTP/1.0\r\n\r\n")), 421);
}

TEST_F(HttpLayerTest, LoopbackNodeRefusesOtherOrigins) {
  config.web.loopback_hosts_only = true;
  EXPECT_EQ(status_of(client().get("/j", "Origin: http://localhost:3000\r\n")), 200);
  EXPECT_EQ(status_of(client().get("/j", "Origin: https://evil.example\r\n")), 403);
  client().reconnect();
  EXPECT_EQ(status_of(client().get("/j", "Origin: null\r\n")), 403);
}

TEST_F(HttpLayerTest, HstsOnlyForSecureNames) {
  config.web.hsts = true;
  config.web.hsts_max_age_s = 99;
  const auto hsts = [this](const std::string& host) {
    return field_of(client().ask("GET /j HTTP/1.1\r\nHost: " + host + "\r\n\r\n"), "Strict-Transport-Security");
  };
  EXPECT_EQ(hsts("example.com"), "max-age=99");
  EXPECT_EQ(hsts("example.com:8443"), "max-age=99");
  EXPECT_EQ(hsts("localhost:8443"), "");
  EXPECT_EQ(hsts("127.0.0.1"), "");
  EXPECT_EQ(hsts("[::1]:8443"), "");
  connection().tls = false;
  EXPECT_EQ(hsts("example.com"), "");
}

TEST_F(HttpLayerTest, HstsInRefusalsAndUpgradesToo) {
  config.web.hsts = true;
  const auto hsts = [](const std::string& response) { return field_of(response, "Strict-Transport-Security"); };
  const std::string upgraded = client().ask(
      "GET /ws HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n");
  EXPECT_EQ(status_of(upgraded), 101);
  EXPECT_EQ(hsts(upgraded), "max-age=63072000");
  client().reconnect();
  const std::string missing = client().ask("GET /none HTTP/1.1\r\nHost: example.com\r\n\r\n");
  EXPECT_EQ(status_of(missing), 404);
  EXPECT_EQ(hsts(missing), "max-age=63072000");
  EXPECT_EQ(hsts(client().ask("GET /none HTTP/1.1\r\nHost: App.LocalHost.:8443\r\n\r\n")), "");
}

TEST_F(HttpLayerTest, UpgradesWithTheClientsFirstKnownSubprotocol) {
  const std::string response = upgrade(
      "Origin: https://app.example\r\nUser-Agent: t\r\nSec-WebSocket-Protocol: wamp.2.ubjson, wamp.2.json, "
      "wamp.2.cbor\r\n");
  EXPECT_EQ(status_of(response), 101);
  EXPECT_NE(response.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos);
  EXPECT_EQ(field_of(response, "Sec-WebSocket-Protocol"), "wamp.2.json");
  EXPECT_EQ(field_of(response, "Server"), "");
  EXPECT_TRUE(connection().replaced);
  ASSERT_TRUE(client().websocket);
  EXPECT_EQ(client().websocket->serializer, wamp::SerializerId::json);
  EXPECT_EQ(client().websocket->origin, "https://app.example");
  EXPECT_EQ(client().websocket->user_agent, "t");
}

TEST_F(HttpLayerTest, GivesOctetsBehindTheUpgradeToTheNextLayer) {
  client().ask(
      "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: wamp.2.json\r\n\r\n\x81\x85more");
  EXPECT_TRUE(connection().replaced);
  EXPECT_EQ(connection().leftover, "\x81\x85more");
}

TEST_F(HttpLayerTest, UpgradeBehindAnotherRequest) {
  const std::string response = client().ask(
      "GET /j HTTP/1.1\r\nHost: a\r\n\r\nGET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: "
      "Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Protocol: wamp.2.cbor\r\n\r\n");
  EXPECT_NE(response.find("HTTP/1.1 101"), std::string::npos);
  EXPECT_TRUE(connection().replaced);
}

TEST_F(HttpLayerTest, RefusesUnknownSubprotocols) {
  const std::string response = upgrade("Sec-WebSocket-Protocol: soap\r\n");
  EXPECT_EQ(status_of(response), 400);
  EXPECT_EQ(body_of(response), "This server only speaks WebSocket subprotocols wamp.2.cbor, wamp.2.json\n");
  EXPECT_FALSE(connection().replaced);
  EXPECT_EQ(status_of(upgrade("")), 400);
}

TEST_F(HttpLayerTest, SubprotocolMayBeOptional) {
  websocket_options().require_websocket_subprotocol = false;
  websocket_options().show_server_version = true;
  const std::string response = upgrade("");
  EXPECT_EQ(status_of(response), 101);
  EXPECT_EQ(field_of(response, "Sec-WebSocket-Protocol"), "");
  EXPECT_TRUE(field_of(response, "Server").starts_with("Transom"));
  EXPECT_EQ(client().websocket->serializer, wamp::SerializerId::json);
  EXPECT_EQ(status_of(upgrade("Sec-WebSocket-Protocol: soap\r\n")), 400);
}

TEST_F(HttpLayerTest, ChecksTheOrigin) {
  const std::string wamp = "Sec-WebSocket-Protocol: wamp.2.json\r\n";
  websocket_options().allowed_origins = {"https://*.example.com:*"};
  websocket_options().allow_null_origin = false;
  EXPECT_EQ(status_of(upgrade(wamp)), 101);
  EXPECT_EQ(status_of(upgrade(wamp + "Origin: https://app.example.com\r\n")), 101);
  EXPECT_EQ(status_of(upgrade(wamp + "Origin: https://evil.example\r\n")), 403);
  EXPECT_EQ(status_of(upgrade(wamp + "Origin: null\r\n")), 403);
  EXPECT_EQ(status_of(upgrade(wamp + "Origin: https://app.example.com\r\nOrigin: https://evil.example\r\n")), 400);
}

TEST_F(HttpLayerTest, LoopbackOriginsOnly) {
  const std::string wamp = "Sec-WebSocket-Protocol: wamp.2.json\r\n";
  websocket_options().loopback_origins_only = true;
  EXPECT_EQ(status_of(upgrade(wamp)), 101);
  EXPECT_EQ(status_of(upgrade(wamp + "Origin: http://localhost:3000\r\n")), 101);
  EXPECT_EQ(status_of(upgrade(wamp + "Origin: https://evil.example\r\n")), 403);
  EXPECT_EQ(status_of(upgrade(wamp + "Origin: null\r\n")), 403);
}

TEST_F(HttpLayerTest, ChecksTheExternalPort) {
  websocket_options().external_port = 443;
  EXPECT_EQ(status_of(upgrade("Sec-WebSocket-Protocol: wamp.2.json\r\n")), 400);
  websocket_options().external_port = 8443;
  EXPECT_EQ(status_of(upgrade("Sec-WebSocket-Protocol: wamp.2.json\r\n")), 101);
}

TEST_F(HttpLayerTest, RefusesBrokenHandshakes) {
  const std::string head = "GET /ws HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Protocol: wamp.2.json\r\n";
  const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", version = "Sec-WebSocket-Version: 13\r\n";
  const std::string up = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
  const auto status = [&](const std::string& fields) {
    client().reconnect();
    return status_of(client().ask(head + fields + "\r\n"));
  };
  EXPECT_EQ(status(up + key + version), 101);
  EXPECT_EQ(status(key + version), 426);
  EXPECT_EQ(status(up + key + "Sec-WebSocket-Version: 12\r\n"), 426);
  EXPECT_EQ(status(up + version), 400);
  EXPECT_EQ(status(up + version + key + key), 400);
}

TEST_F(HttpLayerTest, StatusPageEchoesNothing) {
  const std::string page = client().get("/ws?redirect=https://evil.example&after=1");
  EXPECT_EQ(status_of(page), 200);
  EXPECT_EQ(page.find("evil"), std::string::npos);
  EXPECT_NE(page.find("wamp.2.cbor"), std::string::npos);
  EXPECT_EQ(status_of(client().ask("POST /ws HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")), 405);
  EXPECT_EQ(status_of(client().get("/ws", "Connection: Upgrade\r\nUpgrade: h2c\r\n")), 200);
}

TEST_F(HttpLayerTest, StatusPageMayBeOff) {
  websocket_options().enable_webstatus = false;
  const std::string response = client().get("/ws");
  EXPECT_EQ(status_of(response), 426);
  EXPECT_EQ(field_of(response, "Upgrade"), "websocket");
}

TEST_F(HttpLayerTest, WholeTransportIsWebSocket) {
  config.websocket = std::get<WebSocketConfig>(config.paths["ws"].service);
  config.websocket->options.open_handshake_timeout_ms = 2'500;
  config.paths.clear();
  EXPECT_EQ(client().connection->deadline_ms, 2'500u);
  EXPECT_EQ(status_of(upgrade("Sec-WebSocket-Protocol: wamp.2.json\r\n", "/any/path?x=1")), 101);
}

TEST_F(HttpLayerTest, ExchangeSurvivesTheClient) {
  config.paths["files"].service = StaticConfig{};
  client().feed("GET /files/x HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_EQ(client().host.waiting.size(), 1u);
  client().layer->on_closed(CloseReason::peer_reset);
  client().layer.reset();
  client().host.run_all();
  EXPECT_EQ(connection().take(), "");
}

TEST_F(HttpLayerTest, OneAnswerAtATimeInOrder) {
  config.paths["files"].service = StaticConfig{};
  client().feed("GET /files/x HTTP/1.1\r\nHost: a\r\n\r\nGET /j HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(connection().sent, "");
  client().feed(std::string(100'000, 'x'));  // more than may wait
  EXPECT_TRUE(connection().reading_paused);
  client().host.run_all();
  const std::string both = connection().take();
  EXPECT_LT(both.find("404"), both.find("200 OK"));
}

TEST_F(HttpLayerTest, ShutdownLetsTheAnswerOut) {
  config.paths["files"].service = StaticConfig{};
  client().feed("GET /files/x HTTP/1.1\r\nHost: a\r\n\r\n");
  client().layer->on_shutdown();
  EXPECT_FALSE(connection().closed);
  client().host.run_all();
  EXPECT_EQ(status_of(connection().take()), 404);
  EXPECT_EQ(connection().closed, CloseReason::server_shutdown);
}

TEST_F(HttpLayerTest, UnansweredExchangeGetsA500) {
  config.paths["files"].service = StaticConfig{};
  client().feed("GET /files/x HTTP/1.1\r\nHost: a\r\n\r\n");
  client().host.waiting.clear();  // the work was thrown away
  EXPECT_EQ(status_of(connection().take()), 500);
}

}  // namespace
}  // namespace transom::serve
