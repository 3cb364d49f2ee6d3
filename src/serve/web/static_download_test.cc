#include "serve/web/static_testing.h"

namespace transom::serve {
namespace {

class BigFileTest : public StaticTest {
 protected:
  BigFileTest() {
    content.reserve(kSize);
    for (std::size_t i = 0; content.size() < kSize; ++i) content += std::to_string(i * 7919) + ",";
    content.resize(kSize);
    write(web / "big.bin", content);
  }
  static constexpr std::size_t kSize = 3'000'001;
  std::string content;
};

TEST_F(BigFileTest, IsStreamedWhole) {
  const std::string response = client().get("/big.bin");
  EXPECT_EQ(field_of(response, "Content-Length"), std::to_string(kSize));
  EXPECT_TRUE(body_of(response) == content);
  const std::string part = client().get("/big.bin", "Range: bytes=100000-2000000\r\n");
  EXPECT_TRUE(body_of(part) == content.substr(100'000, 1'900'001));
  EXPECT_EQ(status_of(client().get("/index.html")), 200);  // the connection goes on
}

TEST_F(BigFileTest, QueueStaysBounded) {
  FakeConnection& connection = *client().connection;
  connection.stalled = true;
  std::string all = client().get("/big.bin");
  std::size_t turns = 0;
  for (; connection.queued > 0 && turns < 100; ++turns) {
    EXPECT_LE(connection.queued, HttpConnection::kDrainMark + HttpLayer::kPiece + 1000);
    EXPECT_TRUE(client().host.waiting.empty());  // nothing is read ahead
    connection.queued = 0;
    client().layer->on_drained();
    client().host.run_all();
    all += connection.take();
  }
  EXPECT_GT(turns, 5u);
  EXPECT_TRUE(body_of(all) == content);
}

TEST_F(BigFileTest, ShrinkingFileDropsTheConnection) {
  FakeConnection& connection = *client().connection;
  client().feed("GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n");
  client().host.run_one();  // opened
  client().host.run_one();  // the first piece
  fs::resize_file(web / "big.bin", 300'000);
  client().host.run_all();
  EXPECT_EQ(connection.aborted, CloseReason::internal_error);
  EXPECT_LT(connection.sent.size(), kSize);
}

TEST_F(BigFileTest, OtherConnectionsHaveTheirTurn) {
  client().feed("GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n");
  client().host.run_one();
  EXPECT_LE(client().connection->sent.size(), HttpLayer::kPieceAtHand + 1000);
  client().host.run_all();
  EXPECT_TRUE(body_of(client().connection->take()) == content);
}

TEST_F(BigFileTest, PipelinedDownloadsFollowOneAnother) {
  const std::string request = "GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string all = client().ask(request + request + "GET /css/site.css HTTP/1.1\r\nHost: a\r\n\r\n" + request);
  const std::size_t second = all.find("HTTP/1.1 200", 100);
  EXPECT_TRUE(body_of(all.substr(0, second)) == content);
  EXPECT_TRUE(body_of(all.substr(all.rfind("HTTP/1.1 200"))) == content);
  EXPECT_GT(all.size(), 3 * kSize);
}

TEST_F(BigFileTest, ClientThatLeavesStopsTheReading) {
  client().feed("GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n");
  client().host.run_one();
  client().host.run_one();
  client().layer->on_closed(CloseReason::peer_reset);
  client().layer.reset();
  client().host.run_one();
  EXPECT_TRUE(client().host.waiting.empty());
}

TEST_F(BigFileTest, ClientThatTakesNothingIsGivenUp) {
  FakeConnection& connection = *client().connection;
  connection.stalled = true;
  client().get("/big.bin");
  client().layer->on_deadline();
  EXPECT_FALSE(connection.aborted);
  connection.queued -= 1000;  // slow, but alive
  client().layer->on_deadline();
  EXPECT_FALSE(connection.aborted);
  client().layer->on_deadline();
  EXPECT_EQ(connection.aborted, CloseReason::slow_consumer);
}

}  // namespace
}  // namespace transom::serve
