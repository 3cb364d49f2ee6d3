#include "wire/ws_handshake.h"

#include <gtest/gtest.h>

#include "wire/http1_parser.h"

namespace transom::wire {
namespace {

const HeaderList kGood = {{"host", "server.example.com"},
                          {"upgrade", "websocket"},
                          {"connection", "Upgrade"},
                          {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="},
                          {"sec-websocket-version", "13"}};

HeaderList with(std::string name, std::string value) {
  HeaderList headers = kGood;
  headers.emplace_back(std::move(name), std::move(value));
  return headers;
}

HeaderList without(std::string_view name) {
  HeaderList headers;
  for (const auto& field : kGood) {
    if (field.first != name) headers.push_back(field);
  }
  return headers;
}

HeaderList replaced(std::string_view name, std::string value) {
  HeaderList headers = without(name);
  headers.emplace_back(name, std::move(value));
  return headers;
}

int status(const HeaderList& headers, std::string_view method = "GET", int major = 1, int minor = 1) {
  const auto result = check_ws_upgrade(method, major, minor, headers);
  if (result) return 101;
  EXPECT_FALSE(result.error().text.empty());
  return result.error().status;
}

std::string header_of(const HeaderList& headers, std::string_view name) {
  for (const auto& field : headers) {
    if (field.first == name) return field.second;
  }
  return "";
}

TEST(WsHandshake, TheKeyOfTheRfc) {
  EXPECT_EQ(ws_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  const auto upgrade = check_ws_upgrade("GET", 1, 1, with("sec-websocket-protocol", "chat, superchat"));
  ASSERT_TRUE(upgrade);
  EXPECT_EQ(upgrade->accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(upgrade->subprotocols, (std::vector<std::string>{"chat", "superchat"}));
}

// The requests a strict server must tell apart, with what it answers: from the socket to the answer, so that both the
// HTTP parser and the handshake have their say.
TEST(WsHandshake, Table) {
  struct Row {
    const char* what;
    std::string request;
    int status;
  };
  const std::string line = "GET /ws HTTP/1.1\r\n", host = "Host: a\r\n", up = "Upgrade: websocket\r\n",
                    connection = "Connection: Upgrade\r\n", key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
                    version = "Sec-WebSocket-Version: 13\r\n", end = "\r\n";
  const std::string good = line + host + up + connection + key + version;
  std::string many_fields, lf = good + end;
  for (int i = 0; i < 100; ++i) many_fields += "X: y\r\n";
  for (std::size_t at; (at = lf.find('\r')) != std::string::npos;) lf.erase(at, 1);
  const Row rows[] = {
      {"valid", good + end, 101},
      {"Connection list", line + host + up + "Connection: keep-alive, Upgrade\r\n" + key + version + end, 101},
      {"case variants", line + "hOsT: a\r\nuPGRADE: WebSocket\r\nCONNECTION: uPgRaDe\r\n" + key + version + end, 101},
      {"version 12", line + host + up + connection + key + "Sec-WebSocket-Version: 12\r\n" + end, 426},
      {"no version", line + host + up + connection + key + end, 426},
      {"no key", line + host + up + connection + version + end, 400},
      {"short key", line + host + up + connection + version + "Sec-WebSocket-Key: YWJj\r\n" + end, 400},
      {"two keys", good + key + end, 400},
      {"POST", "POST /ws HTTP/1.1\r\n" + host + up + connection + key + version + end, 405},
      {"HTTP/1.0", "GET /ws HTTP/1.0\r\n" + host + up + connection + key + version + end, 505},
      {"no Host", line + up + connection + key + version + end, 400},
      {"two Hosts", good + host + end, 400},
      {"no Upgrade", line + host + connection + key + version + end, 426},
      {"LF line ends", lf, 400},
      {"space before colon", good + "X : y\r\n" + end, 400},
      {"obs-fold", good + "X: y\r\n z\r\n" + end, 400},
      {"NUL in a field", good + std::string("X: y\0\r\n", 7) + end, 400},
      {"100 fields more", good + many_fields + end, 431},
      {"64 KiB field", good + "X: " + std::string(65536, 'y') + "\r\n" + end, 431},
      {"64 KiB target", "GET /" + std::string(65536, 'y') + " HTTP/1.1\r\n" + host + end, 414},
      {"Transfer-Encoding and Content-Length", good + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n" + end, 400},
  };
  for (const Row& row : rows) {
    Http1Parser parser({});
    std::size_t consumed = 0;
    int got = 0;
    if (parser.feed(as_bytes(row.request), consumed) == Http1Parser::State::complete) {
      const Http1Request& request = parser.request();
      got = status(request.headers, request.method, request.major, request.minor);
    } else {
      got = parser.error_status();
    }
    EXPECT_EQ(got, row.status) << row.what;
  }
}

TEST(WsHandshake, Refusals) {
  const auto version = check_ws_upgrade("GET", 1, 1, replaced("sec-websocket-version", "12"));
  ASSERT_FALSE(version);
  EXPECT_EQ(header_of(version.error().headers, "sec-websocket-version"), "13");
  const auto plain = check_ws_upgrade("GET", 1, 1, without("upgrade"));
  ASSERT_FALSE(plain);
  EXPECT_EQ(header_of(plain.error().headers, "upgrade"), "websocket");
  const auto method = check_ws_upgrade("POST", 1, 1, kGood);
  ASSERT_FALSE(method);
  EXPECT_EQ(header_of(method.error().headers, "allow"), "GET");

  EXPECT_EQ(status(kGood), 101);
  EXPECT_EQ(status(kGood, "get"), 405);
  EXPECT_EQ(status(kGood, "GET", 2, 0), 505);
  EXPECT_EQ(status(without("connection")), 426);
  EXPECT_EQ(status(replaced("connection", "keep-alive")), 426);
  EXPECT_EQ(status(replaced("upgrade", "h2c")), 426);
  EXPECT_EQ(status(replaced("upgrade", "h2c, WebSocket")), 101);
  EXPECT_EQ(status(replaced("upgrade", "websocket2")), 426);
  EXPECT_EQ(status(with("connection", "keep-alive")), 101);
  EXPECT_EQ(status(with("sec-websocket-version", "13")), 400);
  EXPECT_EQ(status(replaced("sec-websocket-version", "13, 8")), 426);
  EXPECT_EQ(status(replaced("sec-websocket-version", "013")), 426);
  for (const char* key : {"", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ== x",
                          "dGhlIHNhbXBsZSBub25jZSE=", "dGhlIHNhbXBsZSBub25j!Q=="}) {
    EXPECT_EQ(status(replaced("sec-websocket-key", key)), 400) << key;
  }
}

TEST(WsHandshake, Subprotocols) {
  const auto offer = [](std::string value) { return status(with("sec-websocket-protocol", std::move(value))); };
  EXPECT_EQ(offer("wamp.2.json,wamp.2.msgpack ,\twamp.2.cbor"), 101);
  EXPECT_EQ(offer("a,,b,"), 101);
  EXPECT_EQ(offer("a, b, a"), 400);
  EXPECT_EQ(offer(""), 400);
  EXPECT_EQ(offer(" , "), 400);
  EXPECT_EQ(offer("a b"), 400);
  EXPECT_EQ(offer("a/b"), 400);
  EXPECT_EQ(offer("\xc3\xbc"), 400);
  HeaderList split = with("sec-websocket-protocol", "a");
  split.emplace_back("sec-websocket-protocol", "b, c");
  const auto upgrade = check_ws_upgrade("GET", 1, 1, split);
  ASSERT_TRUE(upgrade);
  EXPECT_EQ(upgrade->subprotocols, (std::vector<std::string>{"a", "b", "c"}));
  split.emplace_back("sec-websocket-protocol", "a");
  EXPECT_EQ(status(split), 400);
  std::string many = "p0";
  for (int i = 1; i < 65; ++i) many += ",p" + std::to_string(i);
  EXPECT_EQ(offer(many), 400);
}

TEST(WsHandshake, ResponseHead) {
  EXPECT_EQ(ws_response_head("abc=", "wamp.2.json", {{"Server", "x"}}),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: abc=\r\nSec-WebSocket-Protocol: wamp.2.json\r\nServer: x\r\n\r\n");
  EXPECT_EQ(ws_response_head("abc=", "").find("Protocol:"), std::string::npos);
}

}  // namespace
}  // namespace transom::wire
