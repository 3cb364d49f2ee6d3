#include "node/ocsp/fetch.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <thread>

#include "serve/unique_fd.h"
#include "tls/ocsp_test_support.h"

namespace transom::node {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// Takes one connection, reads a request and sends `answer`; without one it keeps silent.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), length);
    listen(socket_.get(), 1);
    getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    if (!answer.empty()) thread_ = std::thread([this, answer = std::move(answer)] { serve(answer); });
  }
  ~OneAnswer() {
    if (thread_.joinable()) thread_.join();
  }
  std::string url(const std::string& path = "") const { return fmt::format("http://127.0.0.1:{}{}", port_, path); }
  /// What came, after it was answered.
  const std::string& request() {
    if (thread_.joinable()) thread_.join();
    return request_;
  }

 private:
  void serve(const std::string& answer) {
    const serve::UniqueFd client(accept(socket_.get(), nullptr, nullptr));
    char piece[4096];
    const auto complete = [this] {
      const std::size_t head = request_.find("\r\n\r\n");
      return head != std::string::npos && (request_[0] == 'G' || request_.size() > head + 4);
    };
    while (!complete()) {
      const ssize_t count = read(client.get(), piece, sizeof piece);
      if (count <= 0) return;
      request_.append(piece, static_cast<std::size_t>(count));
    }
    send(client.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
  }

  serve::UniqueFd socket_;
  unsigned port_ = 0;
  std::thread thread_;
  std::string request_;
};

const char kHead[] = "HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\nConnection: close\r\n\r\n";

class OcspFetchTest : public ::testing::Test {
 protected:
  std::string fault(const std::string& url, std::int64_t timeout_ms = 5'000) {
    const auto answer = fetch_ocsp(url, query_, cancelled_, timeout_ms);
    return answer ? "an answer came" : answer.error().message;
  }

  tls::test::Identity ca_ =
      tls::test::issue("Authority", tls::test::ec_key(), tls::test::authority_extensions(), nullptr);
  tls::OcspQuery query_ = tls::test::require(tls::make_ocsp_query(ca_.certificate.get(), ca_.certificate.get()));
  std::string response_ = tls::test::answer_ocsp(ca_.certificate.get(), ca_);
  std::atomic<bool> cancelled_{false};
};

TEST_F(OcspFetchTest, AShortAddressIsGot) {
  OneAnswer responder(kHead + response_);
  const auto answer = fetch_ocsp(responder.url("/ocsp"), query_, cancelled_);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, response_);
  EXPECT_THAT(responder.request(), StartsWith("GET /ocsp/MF"));
  EXPECT_THAT(responder.request(), HasSubstr("\r\nHost: 127.0.0.1:"));
}

TEST_F(OcspFetchTest, ALongOneIsPosted) {
  OneAnswer responder(kHead + response_);
  const auto answer = fetch_ocsp(responder.url("/" + std::string(200, 'a')), query_, cancelled_);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, response_);
  EXPECT_THAT(responder.request(), StartsWith("POST /aaa"));
  EXPECT_THAT(responder.request(), HasSubstr("\r\nContent-Type: application/ocsp-request\r\n"));
  EXPECT_THAT(responder.request(), HasSubstr(query_.der));
}

TEST_F(OcspFetchTest, FaultsNameTheResponder) {
  OneAnswer missing("HTTP/1.0 404 Not \x1b[2J Found\r\n\r\n");
  EXPECT_THAT(fault(missing.url()), AllOf(HasSubstr(missing.url()), HasSubstr("404"), Not(HasSubstr("\x1b"))));
  OneAnswer page("HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<html>");
  EXPECT_THAT(fault(page.url()), HasSubstr("content type"));
  OneAnswer elsewhere("HTTP/1.0 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n");
  EXPECT_THAT(fault(elsewhere.url()), HasSubstr("did not answer"));
  OneAnswer endless(kHead + std::string("0\x83\x01\x00\x01", 5) + std::string(65'537, 'x'));
  EXPECT_THAT(fault(endless.url()), HasSubstr("length"));
  OneAnswer cut(kHead + response_.substr(0, 100));
  EXPECT_THAT(fault(cut.url()), HasSubstr("did not answer"));
  EXPECT_THAT(fault("http://127.0.0.1:1/"), HasSubstr("Connection refused"));
  EXPECT_THAT(fault("http://[::"), HasSubstr("cannot be understood"));
}

TEST_F(OcspFetchTest, SilenceIsBounded) {
  const OneAnswer silent("");
  const auto began = std::chrono::steady_clock::now();
  EXPECT_THAT(fault(silent.url(), 200), HasSubstr("in time"));
  cancelled_ = true;
  EXPECT_THAT(fault(silent.url(), 60'000), HasSubstr("did not answer"));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
}

}  // namespace
}  // namespace transom::node
