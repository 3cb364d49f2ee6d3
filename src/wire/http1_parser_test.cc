#include "wire/http1_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace transom::wire {
namespace {

using State = Http1Parser::State;

struct Outcome {
  State state = State::need_more;
  int status = 0;
  std::string text, method, target, body;
  HeaderList headers;
  std::size_t consumed = 0;
  bool keep_alive = false, upgrade = false;
  bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& o) {
  return out << static_cast<int>(o.state) << ' ' << o.status << ' ' << o.text << " | " << o.method << ' ' << o.target
             << " | " << o.body << " | " << o.consumed;
}

Outcome parse(std::string_view input, std::size_t step, Http1Limits limits) {
  Http1Parser parser(limits);
  Outcome outcome;
  for (std::size_t at = 0; at < input.size() && outcome.state == State::need_more; at += step) {
    const std::string piece(input.substr(at, step));
    std::size_t consumed = 0;
    outcome.state = parser.feed(as_bytes(piece), consumed);
    EXPECT_LE(consumed, piece.size());
    EXPECT_TRUE(outcome.state != State::need_more || consumed == piece.size());
    outcome.consumed += consumed;
  }
  EXPECT_EQ(parser.lenient_flags(), 0u);
  if (outcome.state == State::failed) outcome.consumed = 0;  // it means nothing then
  outcome.status = parser.error_status();
  outcome.text = parser.error_text();
  if (outcome.state != State::complete) return outcome;
  const Http1Request& request = parser.request();
  outcome.method = request.method;
  outcome.target = request.target;
  outcome.body = request.body;
  outcome.headers = request.headers;
  outcome.keep_alive = request.keep_alive;
  outcome.upgrade = request.upgrade;
  return outcome;
}

/// Parses whole, octet by octet and in pieces; the outcome must be the same.
Outcome parse_all_ways(std::string_view input, Http1Limits limits = {}) {
  const Outcome whole = parse(input, input.size() + 1, limits);
  for (std::size_t step : {1, 2, 3, 7, 16}) EXPECT_EQ(parse(input, step, limits), whole) << step << ' ' << input;
  return whole;
}

int status_of(std::string_view input, Http1Limits limits = {}) {
  const Outcome outcome = parse_all_ways(input, limits);
  EXPECT_EQ(outcome.state == State::failed, outcome.status != 0);
  EXPECT_EQ(outcome.state == State::failed, !outcome.text.empty());
  return outcome.status;
}

bool accepted(std::string_view input, Http1Limits limits = {}) {
  return parse_all_ways(input, limits).state == State::complete;
}

/// A GET with Host and the given further octets of the head.
std::string get(std::string_view more) { return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(more); }
std::string chunked(std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(body);
}

TEST(Http1Parser, AnOrdinaryRequest) {
  const Outcome outcome = parse_all_ways(
      "GET /a?b=c HTTP/1.1\r\nHOST: localhost:8080\r\nX-Empty:\r\nAccept: \t text/html \t\r\n\r\nGET /next");
  EXPECT_EQ(outcome.state, State::complete);
  EXPECT_EQ(outcome.method, "GET");
  EXPECT_EQ(outcome.target, "/a?b=c");
  const HeaderList expected = {{"host", "localhost:8080"}, {"x-empty", ""}, {"accept", "text/html"}};
  EXPECT_EQ(outcome.headers, expected);
  EXPECT_TRUE(outcome.keep_alive);
  EXPECT_FALSE(outcome.upgrade);
  EXPECT_EQ(outcome.consumed, 78u);
}

TEST(Http1Parser, EveryTruncationNeedsMore) {
  for (const std::string& input :
       {get("A: b\r\nContent-Length: 4\r\n\r\nbody"), chunked("3;x=y\r\nabc\r\n0\r\nT: u\r\n\r\n")}) {
    EXPECT_TRUE(accepted(input));
    for (std::size_t size = 0; size < input.size(); ++size) {
      EXPECT_EQ(parse_all_ways(input.substr(0, size)).state, State::need_more) << size;
    }
  }
}

TEST(Http1Parser, PipelinedRequestsOneByOne) {
  const std::string input =
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n" + chunked("2\r\nhi\r\n0\r\n\r\n") + get("Connection: close\r\n\r\n");
  Http1Parser parser({});
  std::string_view rest = input;
  std::vector<std::string> seen;
  while (!rest.empty()) {
    std::size_t consumed = 0;
    ASSERT_EQ(parser.feed(as_bytes(rest), consumed), State::complete);
    std::size_t none = 1;
    EXPECT_EQ(parser.feed(as_bytes(rest), none), State::complete);
    EXPECT_EQ(none, 0u);
    seen.push_back(parser.request().method + parser.request().target + parser.request().body);
    rest.remove_prefix(consumed);
    EXPECT_EQ(parser.request().keep_alive, !rest.empty());
    parser.reset();
    EXPECT_FALSE(parser.started());
    EXPECT_EQ(parser.request().headers.capacity(), 0u);
    EXPECT_EQ(parser.request().body.capacity(), std::string().capacity());
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"GET/1", "POST/hi", "GET/"}));
}

TEST(Http1Parser, KeepAlive) {
  EXPECT_TRUE(parse_all_ways(get("\r\n")).keep_alive);
  EXPECT_FALSE(parse_all_ways(get("Connection: x, Close\r\n\r\n")).keep_alive);
  EXPECT_FALSE(parse_all_ways("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(parse_all_ways("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
  EXPECT_TRUE(accepted("GET / HTTP/1.0\r\n\r\n"));
}

TEST(Http1Parser, Upgrade) {
  const Outcome outcome =
      parse_all_ways(get("Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x05hello"));
  EXPECT_TRUE(outcome.upgrade);
  EXPECT_EQ(outcome.consumed, 25u + 33u + 20u + 2u);
  EXPECT_FALSE(parse_all_ways(get("Upgrade: websocket\r\n\r\n")).upgrade);
  EXPECT_EQ(parse_all_ways(get("Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\nabcREST")).body,
            "abc");
}

TEST(Http1Parser, MalformedHeads) {
  const std::vector<std::string> inputs = {
      "GET / HTTP/1.1\nHost: a\r\n\r\n",  // bare LF in each place
      "GET / HTTP/1.1\r\nHost: a\n\r\n",
      get("\n"),
      "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n",  // CR without LF
      get("A: b\rC: d\r\n\r\n"),
      get("A: b\r\r\n\r\n"),
      get("A: b\r\n c\r\n\r\n"),  // obs-fold, and a space before the first field
      "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
      get("A : b\r\n\r\n"),
      get("A\t: b\r\n\r\n"),
      get("A b: c\r\n\r\n"),
      get(": b\r\n\r\n"),
      get("nocolon\r\n\r\n"),
      get(std::string_view("A: b\0c\r\n\r\n", 10)),
      get(std::string_view("A\0: b\r\n\r\n", 9)),
      get("A: b\x01\r\n\r\n"),
      get("A: b\x7f\r\n\r\n"),
      get("\xc3\xbc: b\r\n\r\n"),
      "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1x\r\nHost: a\r\n\r\n",
      "GET / http/1.1\r\nHost: a\r\n\r\n",
      "GET / ICE/1.0\r\nHost: a\r\n\r\n",
      "GET / RTSP/1.0\r\nHost: a\r\n\r\n",
      "GET /\t HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /\x80 HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET foo HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
      "{\"json\": 1}\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",                        // no Host
      "GET / HTTP/1.1\r\nHost: a\r\nhOST: a\r\n\r\n",  // two of them
      "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n",
  };
  for (const std::string& input : inputs) EXPECT_EQ(status_of(input), 400) << input;
}

TEST(Http1Parser, Framing) {
  EXPECT_EQ(status_of(get("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")), 400);
  EXPECT_EQ(status_of(get("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n")), 400);
  EXPECT_EQ(status_of(get("Transfer-Encoding: \r\nContent-Length: 1\r\n\r\n0\r\n\r\n")), 400);
  for (const char* value : {"", "+1", "-1", "1, 1", "1 1", "0x1", "1\r\nContent-Length: 1"}) {
    EXPECT_EQ(status_of(get("Content-Length: " + std::string(value) + "\r\n\r\nx")), 400) << value;
  }
  for (const char* value :
       {"", "gzip", "chunked, gzip", "xchunked", "identity", "chunked\r\nTransfer-Encoding: chunked",
        "chunked\r\nTransfer-Encoding: identity", "\vchunked", "chunked;q=1"}) {
    EXPECT_EQ(status_of(get("Transfer-Encoding: " + std::string(value) + "\r\n\r\n0\r\n\r\n")), 400) << value;
  }
  EXPECT_EQ(status_of(get("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")), 501);
  EXPECT_EQ(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400);
  EXPECT_EQ(parse_all_ways(get("Content-Length: 3\r\n\r\nabcdef")).body, "abc");
  EXPECT_EQ(parse_all_ways(get("Content-Length: 0\r\n\r\nabcdef")).body, "");
  EXPECT_TRUE(accepted(get("Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n")));
}

TEST(Http1Parser, ChunkedBodies) {
  EXPECT_EQ(parse_all_ways(chunked("3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\nrest")).body, "abc0123456789");
  const Outcome with_trailers =
      parse_all_ways(chunked("1;a=b;c=\"d\"\r\nx\r\n000\r\nHost: b\r\nContent-Length: 9\r\n\r\nrest"));
  EXPECT_EQ(with_trailers.body, "x");
  EXPECT_EQ(with_trailers.headers.size(), 2u);  // those of the head: trailers are ignored
  for (const char* body :
       {"3\nabc\r\n0\r\n\r\n", "3\r\nabc\n0\r\n\r\n", "3 \r\nabc\r\n0\r\n\r\n", "3;a\nabc\r\n0\r\n\r\n",
        "3;a\rb\r\nabc\r\n0\r\n\r\n", "0x3\r\nabc\r\n0\r\n\r\n", "+3\r\nabc\r\n0\r\n\r\n", ";\r\n", "\r\n3\r\n",
        "3\r\nabcX0\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n", "0\r\n\n", "0\n\r\n", "0\r\nA: b\n\r\n", "0\r\n a\r\n\r\n",
        "0\r\nA: b\r\n c\r\n\r\n", "0\r\nA : b\r\n\r\n", "00000000000000001\r\nx\r\n0\r\n\r\n"}) {
    EXPECT_EQ(status_of(chunked(body)), 400) << body;
  }
}

TEST(Http1Parser, Limits) {
  Http1Limits limits;
  limits.max_head = 200;
  limits.max_target = 20;
  limits.max_fields = 3;
  limits.max_body = 10;
  EXPECT_TRUE(accepted("GET /" + std::string(19, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", limits));
  EXPECT_EQ(status_of("GET /" + std::string(20, 'a'), limits), 414);
  EXPECT_TRUE(accepted(get("A: 1\r\nB: 2\r\n\r\n"), limits));
  EXPECT_EQ(status_of(get("A: 1\r\nB: 2\r\nC"), limits), 431);
  EXPECT_EQ(status_of(get("A: " + std::string(200, 'x')), limits), 431);
  EXPECT_EQ(status_of(get(std::string(200, 'x')), limits), 431);
  std::string empty_lines;
  for (int i = 0; i < 101; ++i) empty_lines += "\r\n";
  EXPECT_EQ(status_of(empty_lines, limits), 431);
  EXPECT_EQ(status_of(std::string(300, 'G'), limits), 501);
  EXPECT_EQ(status_of(get("Content-Length: 11\r\n\r\n"), limits), 413);
  EXPECT_EQ(status_of(get("Content-Length: 99999999999999999999999\r\n\r\n"), limits), 413);
  EXPECT_EQ(status_of(get("Content-Length: 18446744073709551615\r\n\r\n"), limits), 413);
  EXPECT_TRUE(accepted(get("Content-Length: 10\r\n\r\n0123456789"), limits));
  EXPECT_EQ(status_of(chunked("b"), limits), 413);
  EXPECT_EQ(status_of(chunked("a\r\n0123456789\r\n1"), limits), 413);
  EXPECT_EQ(status_of(chunked("ffffffffffffffff\r\n"), limits), 413);
  EXPECT_TRUE(accepted(chunked("a\r\n0123456789\r\n0\r\n\r\n"), limits));
  EXPECT_EQ(status_of(chunked("1;" + std::string(200, 'x')), limits), 431);
  EXPECT_EQ(status_of(chunked("0\r\nA: " + std::string(200, 'x')), limits), 431);
  EXPECT_EQ(status_of(chunked("0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n"), limits), 431);
}

TEST(Http1Parser, DefaultLimitsOfATypicalAttack) {
  EXPECT_EQ(status_of(get("A: " + std::string(65536, 'x'))), 431);
  EXPECT_EQ(status_of("GET /" + std::string(65536, 'x')), 414);
  std::string fields;
  for (int i = 0; i < 100; ++i) fields += "X: y\r\n";
  EXPECT_EQ(status_of(get(fields + "\r\n")), 431);
}

TEST(Http1Parser, Versions) {
  EXPECT_EQ(status_of("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET / HTTP/0.9\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET / HTTP/3.7\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET /\r\n"), 505);
  EXPECT_EQ(status_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
}

TEST(Http1Parser, Methods) {
  for (const char* method : {"DELETE", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE", "PROPFIND"}) {
    EXPECT_EQ(parse_all_ways(std::string(method) + " / HTTP/1.1\r\nHost: a\r\n\r\n").method, method);
  }
  for (const char* method : {"FOO", "get", "GETT", "DESCRIBE", "CONNECT"}) {
    EXPECT_EQ(status_of(std::string(method) + " / HTTP/1.1\r\nHost: a\r\n\r\n"), 501) << method;
  }
  EXPECT_EQ(status_of("CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\n\r\n"), 501);
  EXPECT_TRUE(accepted("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"));
}

TEST(Http1Parser, AbsoluteFormDecidesTheHost) {
  const Outcome outcome = parse_all_ways("GET http://evil.example:81/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_EQ(outcome.state, State::complete);
  EXPECT_EQ(outcome.headers[0].second, "evil.example:81");
  EXPECT_EQ(outcome.target, "http://evil.example:81/x");
  EXPECT_EQ(parse_all_ways("GET http://b/ HTTP/1.0\r\n\r\n").headers, (HeaderList{{"host", "b"}}));
  EXPECT_EQ(status_of("GET http://u@b/ HTTP/1.1\r\nHost: b\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET http:/// HTTP/1.1\r\nHost: b\r\n\r\n"), 400);
}

TEST(Http1Parser, Expect) {
  Http1Parser parser({});
  std::size_t consumed = 0;
  EXPECT_EQ(parser.feed(as_bytes(get("Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n")), consumed),
            State::need_more);
  EXPECT_TRUE(parser.head_complete());
  EXPECT_TRUE(parser.expects_continue());
  EXPECT_EQ(parser.feed(as_bytes("x"), consumed), State::need_more);
  EXPECT_FALSE(parser.expects_continue());
  EXPECT_EQ(parser.feed(as_bytes("y"), consumed), State::complete);
  EXPECT_EQ(status_of(get("Expect: miracles\r\n\r\n")), 417);
  EXPECT_EQ(status_of(get("Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n")), 417);
  EXPECT_TRUE(accepted(get("Expect: 100-continue\r\n\r\n")));
}

TEST(Http1Parser, ATlsClientIsToldSo) {
  const Outcome outcome = parse_all_ways(std::string("\x16\x03\x01\x02\x00\x01", 6));
  EXPECT_EQ(outcome.status, 400);
  EXPECT_NE(outcome.text.find("TLS"), std::string::npos);
}

TEST(Http1Parser, NothingIsTakenAfterAFailure) {
  Http1Parser parser({});
  std::size_t consumed = 0;
  EXPECT_EQ(parser.feed(as_bytes("\n"), consumed), State::failed);
  EXPECT_EQ(parser.feed(as_bytes(get("\r\n")), consumed), State::failed);
  EXPECT_EQ(consumed, 0u);
  EXPECT_FALSE(parser.head_complete());
}

}  // namespace
}  // namespace transom::wire
