// HTTP/1.1 on a connection: requests in, one answer at a time out, or the upgrade to WebSocket.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "serve/connection.h"
#include "serve/http.h"
#include "serve/http_host.h"
#include "serve/http_upgrade.h"
#include "serve/site.h"
#include "serve/websocket_peer.h"
#include "wire/http1_parser.h"

namespace transom::serve {

/// Owned by its connection, on that connection's core. Requests of a pipeline are answered one after the other; what
/// came ahead waits in `input_`, and reading pauses when that grows.
class HttpLayer final : public Layer {
 public:
  using WebSocketFactory = std::function<std::unique_ptr<Layer>(const WebSocketConfig&, WebSocketRequest)>;

  static constexpr std::uint64_t kHeadTimeoutMs = 10'000;  // absolute; of the first request from the connection's start
  static constexpr std::uint64_t kBodyTimeoutMs = 30'000;  // absolute, from the end of the head
  static constexpr std::uint64_t kStallTimeoutMs = 30'000;  // a client that takes nothing of its answer for so long
  static constexpr std::size_t kMaxWaiting = 64 << 10;      // octets of later requests before reading pauses
  static constexpr std::size_t kShownSecurity = 768;        // octets: the longest server name leaves room for the rest
  static constexpr std::size_t kPiece = 256 << 10;          // octets of a file in one read off the loop
  static constexpr std::size_t kPieceAtHand = 64 << 10;     // and in one read on it, one in each turn of the loop

  HttpLayer(HttpConnection& connection, HttpHost& host, const Site& site, WebSocketFactory make_websocket);
  ~HttpLayer() override;

  void on_octets(MutableByteSpan octets) override;
  void on_drained() override;
  bool on_peer_end() override;
  void on_deadline() override;
  void on_shutdown() override;
  void on_closed(CloseReason reason) override;

 private:
  class Exchange;
  struct Link;
  struct Download;
  enum class Phase { idle, head, body, answering, ended };

  ByteSpan waiting() const;
  void drop_waiting(std::size_t octets);
  void keep_arriving();
  void process();
  bool may_parse() const;
  bool parse_some();
  void wait_for_more();
  void settle();
  std::uint64_t head_timeout_ms() const;

  void begin_request();
  void dispatch(const std::shared_ptr<Exchange>& exchange);
  void handle_websocket(const std::shared_ptr<Exchange>& exchange, const WebSocketConfig& config);
  bool refused_by_host_or_origin(Exchange& exchange);
  void upgrade(Exchange& exchange, const WebSocketConfig& config);

  void refuse(Exchange& exchange, int status, const std::string& text, const std::string& log,
              std::vector<Header> headers = {});
  void refuse_unparsed(int status, const std::string& text, CloseReason reason);

  void answer(Exchange& exchange, int status, const std::vector<Header>& headers, const std::string& body);
  void answer_file(Exchange& exchange, int status, const std::vector<Header>& headers, FileRange file);
  void answer_prepared(Exchange& exchange, const PreparedAnswer& prepared);
  std::string make_head(int status, std::string_view fields, std::uint64_t content_length);
  void log_access(const HttpRequest& request, int status, std::uint64_t octets);
  void drop_download();
  void send_some();
  void send_some_later();
  void read_piece();
  void send_read(const std::shared_ptr<Download>& download);
  bool send_piece();
  void finish_answer();
  void end(CloseReason reason);
  void check_stall();

  HttpConnection& connection_;
  HttpHost& host_;
  const Site& site_;
  WebSocketFactory make_websocket_;
  wire::Http1Parser parser_;
  ByteSpan arriving_;  // within on_octets only, and only while input_ is empty
  Buffer input_;
  std::shared_ptr<Link> link_;
  std::shared_ptr<Download> download_;
  std::string host_name_;                                // the Host field of the request being answered, for HSTS
  std::string security_;                                 // for the access log, once it was asked for
  std::size_t queued_at_check_ = 0;                      // 0: the client has taken something since the last look
  CloseReason close_reason_ = CloseReason::peer_closed;  // for the end after an answer
  Phase phase_ = Phase::head;
  bool keep_alive_ = true, http_1_0_ = false, head_method_ = false;
  bool continue_sent_ = false, processing_ = false, reading_paused_ = false, shutting_down_ = false;
  bool stalled_ = false;  // complete requests wait until the client takes earlier answers
};

}  // namespace transom::serve
