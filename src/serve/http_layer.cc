#include "serve/http_layer.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"
#include "serve/http_response.h"
#include "serve/web/websocket_status.h"
#include "wire/origin.h"
#include "wire/url.h"

namespace transom::serve {

/// The way from an exchange back to its layer, cut when the layer goes first. Used on the core only.
struct HttpLayer::Link {
  HttpLayer* layer;
};

class HttpLayer::Exchange final : public HttpExchange {
 public:
  Exchange(HttpHost& host, std::shared_ptr<Link> link) : host_(host), link_(std::move(link)) {}
  ~Exchange() override {
    if (!taken_) respond(500, {{"Content-Type", "text/plain; charset=utf-8"}}, "The service gave no answer.\n");
  }
  const HttpRequest& request() const override { return request_; }
  void respond(int status, std::vector<Header> headers, std::string body) override {
    if (take()) link_->layer->answer(*this, status, headers, body);
  }
  void respond_prepared(const PreparedAnswer& answer) override {
    if (take()) link_->layer->answer_prepared(*this, answer);
  }
  void respond_file(int status, std::vector<Header> headers, FileRange file) override {
    if (take()) link_->layer->answer_file(*this, status, headers, std::move(file));
  }
  void offload(std::function<void()> work, std::function<void()> done) override {
    host_.offload(std::move(work), std::move(done));
  }
  /// Marks the exchange as answered; false when it was already or when the client has gone.
  bool take() { return !std::exchange(taken_, true) && link_->layer != nullptr; }

  HttpRequest request_;
  int http_minor = 1;

 private:
  HttpHost& host_;
  std::shared_ptr<Link> link_;
  bool taken_ = false;
};

/// A file on its way to the client, piece by piece: what the kernel has at hand is read at once, the rest on the thread
/// pool.
struct HttpLayer::Download {
  FileRange file;
  std::string head;  // goes before the first piece
  FramePtr piece;
  std::size_t piece_octets = 0;  // of the file, in `piece`
  bool waiting = false, complete_piece = false;

  /// On the loop: fills `piece`, with the head if it is still to be sent; false when that would have to wait. When the
  /// connection has sent all it had, it holds the last piece no more: its memory is in the cache, while new memory
  /// costs page faults that are dearer than to read and to encrypt.
  bool read_at_hand(bool all_sent) {
    piece_octets = static_cast<std::size_t>(std::min<std::uint64_t>(kPieceAtHand, file.length));
    const std::size_t size = head.size() + piece_octets;
    if (!all_sent || !piece || piece->size() != size) piece = FramePtr::create(size);
    std::uint8_t* const begin = piece.mutable_bytes().data();
    iovec target{begin + head.size(), piece_octets};
    const ssize_t count = ::preadv2(file.fd.get(), &target, 1, static_cast<off_t>(file.offset), RWF_NOWAIT);
    if (count < 0 || static_cast<std::size_t>(count) != piece_octets) return false;
    std::copy(head.begin(), head.end(), begin);
    head.clear();
    return true;
  }

  /// Off the loop: fills `piece` with the next octets; complete_piece stays false when the file has become shorter.
  void read() {
    piece_octets = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, file.length));
    piece = FramePtr::create(piece_octets);
    std::size_t filled = 0;
    while (filled < piece_octets) {
      const ssize_t count = ::pread(file.fd.get(), piece.mutable_bytes().data() + filled, piece_octets - filled,
                                    static_cast<off_t>(file.offset + filled));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      filled += static_cast<std::size_t>(count);
    }
    complete_piece = filled == piece_octets;
  }
};

HttpLayer::HttpLayer(HttpConnection& connection, HttpHost& host, const Site& site, WebSocketFactory make_websocket)
    : connection_(connection),
      host_(host),
      site_(site),
      make_websocket_(std::move(make_websocket)),
      parser_(wire::Http1Limits{}),
      link_(std::make_shared<Link>(Link{this})) {
  connection_.set_deadline(head_timeout_ms());
}

HttpLayer::~HttpLayer() { link_->layer = nullptr; }

// ---- Octets in -----------------------------------------------------------------------------------------------------

void HttpLayer::on_octets(MutableByteSpan octets) {
  if (phase_ == Phase::ended) return;
  if (input_.empty()) {
    arriving_ = octets;  // parsed where they lie: mostly they are one whole request
  } else {
    input_.append(octets);
  }
  process();
}

/// What has come and is not parsed yet.
ByteSpan HttpLayer::waiting() const { return input_.empty() ? arriving_ : input_.view(); }

void HttpLayer::drop_waiting(std::size_t octets) {
  if (input_.empty()) {
    arriving_ = arriving_.subspan(octets);
  } else {
    input_.consume(octets);
  }
}

void HttpLayer::keep_arriving() {
  if (phase_ != Phase::ended) input_.append(arriving_);
  arriving_ = {};
}

/// No next request while one is being answered, nor while the client leaves the answers before it unread.
bool HttpLayer::may_parse() const {
  return phase_ != Phase::ended && phase_ != Phase::answering && !waiting().empty() &&
         connection_.queued_octets() <= HttpConnection::kDrainMark;
}

void HttpLayer::process() {
  if (processing_) return;
  processing_ = true;
  while (may_parse() && parse_some()) {
  }
  processing_ = false;
  keep_arriving();
  settle();
}

/// True when a request was complete, so that what is behind it is worth a look.
bool HttpLayer::parse_some() {
  std::size_t consumed = 0;
  const auto state = parser_.feed(waiting(), consumed);
  drop_waiting(consumed);
  if (state == wire::Http1Parser::State::failed) {
    refuse_unparsed(parser_.error_status(), parser_.error_text(), CloseReason::http_error);
    return false;
  }
  if (state == wire::Http1Parser::State::need_more) {
    wait_for_more();
    return false;
  }
  begin_request();
  return true;
}

/// Deadlines are set once per phase, so that dripping octets do not push them.
void HttpLayer::wait_for_more() {
  if (phase_ == Phase::idle && parser_.started()) {
    phase_ = Phase::head;
    connection_.set_deadline(kHeadTimeoutMs);
  }
  if (phase_ != Phase::body && parser_.head_complete()) {
    phase_ = Phase::body;
    connection_.set_deadline(kBodyTimeoutMs);
  }
  if (phase_ == Phase::body && parser_.expects_continue() && !continue_sent_) {
    continue_sent_ = true;
    connection_.send(as_bytes("HTTP/1.1 100 Continue\r\n\r\n"));
  }
}

/// After every change: reading goes on unless enough waits already, and an idle connection holds no memory.
void HttpLayer::settle() {
  if (phase_ == Phase::ended) return;
  if (input_.empty()) input_.release();
  // Set once for each wait, so that dripping octets do not push it.
  const bool stalled = phase_ == Phase::idle && !input_.empty();
  if (stalled && !stalled_) connection_.set_deadline(kStallTimeoutMs);
  stalled_ = stalled;
  const bool pause = input_.size() > kMaxWaiting;
  if (pause != reading_paused_) connection_.pause_reading(reading_paused_ = pause);
}

std::uint64_t HttpLayer::head_timeout_ms() const {
  const WebSocketConfig* websocket = site_.whole_websocket();
  const std::uint64_t configured = websocket != nullptr ? websocket->options.open_handshake_timeout_ms : 0;
  return configured != 0 ? configured : kHeadTimeoutMs;
}

// ---- One request ---------------------------------------------------------------------------------------------------

void HttpLayer::begin_request() {
  wire::Http1Request& parsed = parser_.request();
  phase_ = Phase::answering;
  continue_sent_ = false;
  keep_alive_ = parsed.keep_alive && !shutting_down_;
  http_1_0_ = parsed.major == 1 && parsed.minor == 0;
  head_method_ = parsed.method == "HEAD";
  queued_at_check_ = 0;
  const auto exchange = std::make_shared<Exchange>(host_, link_);
  HttpRequest& request = exchange->request_;
  request.method = std::move(parsed.method);
  request.target = std::move(parsed.target);
  request.headers = std::move(parsed.headers);
  request.body = std::move(parsed.body);
  request.secure = connection_.secure();
  request.wants_upgrade = parsed.upgrade;
  request.peer = connection_.peer();
  host_name_ = std::string(request.header("host"));
  exchange->http_minor = parsed.minor;
  parser_.reset();
  dispatch(exchange);
  if (phase_ == Phase::answering) connection_.set_deadline(kStallTimeoutMs);
}

void HttpLayer::dispatch(const std::shared_ptr<Exchange>& exchange) {
  if (refused_by_host_or_origin(*exchange)) return;
  HttpRequest& request = exchange->request_;
  auto target = site_.options().raw_targets ? wire::RequestTarget{request.target, ""}
                                            : wire::parse_request_target(request.target);
  if (!target) return refuse(*exchange, 400, target.error().message, target.error().message);
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  const Site::Match match = site_.resolve(request.path);
  if (match.websocket != nullptr) return handle_websocket(exchange, *match.websocket);
  connection_.set_established();
  if (match.service == nullptr) return respond_not_found(*exchange);
  match.service->handle(exchange, match.rest);
}

/// Any web page can make a browser send requests to a node on loopback: the default node tells those apart by the name
/// they were sent to (DNS rebinding) and by the page they come from.
bool HttpLayer::refused_by_host_or_origin(Exchange& exchange) {
  const HttpRequest& request = exchange.request();
  const std::size_t hosts = request.header_count("host");
  if (hosts > 1 || (hosts == 0 && !http_1_0_)) {
    refuse(exchange, 400, "A request needs exactly one Host field.", {});
    return true;
  }
  if (!site_.options().loopback_hosts_only) return false;
  if (!wire::is_loopback_host(request.header("host"))) {
    refuse(
        exchange, 421,
        "This node answers on loopback only: the Host field must be localhost, 127.0.0.1 or [::1]. It was refused to "
        "protect against DNS rebinding.",
        fmt::format("Host '{}' refused: the default node answers to localhost, 127.0.0.1 and [::1] only",
                    log_safe(request.header("host"))));
    return true;
  }
  WebSocketOptions loopback_only;
  loopback_only.loopback_origins_only = true;
  const auto refused = check_origin(request, loopback_only);
  if (refused) refuse(exchange, refused->status, refused->text, refused->log);
  return refused.has_value();
}

void HttpLayer::handle_websocket(const std::shared_ptr<Exchange>& exchange, const WebSocketConfig& config) {
  const HttpRequest& request = exchange->request();
  if (is_websocket_attempt(request)) return upgrade(*exchange, config);
  connection_.set_established();
  if (!request.is_get_or_head()) return respond_get_only(*exchange);
  if (config.options.enable_webstatus)
    return exchange->respond(200, html_page_headers(), websocket_status_page(config));
  respond_error(*exchange, 426, "This address speaks WebSocket only.",
                {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}});
}

void HttpLayer::upgrade(Exchange& exchange, const WebSocketConfig& config) {
  std::vector<Header> fields;
  std::string hsts = hsts_value(site_.options(), connection_.secure(), host_name_);
  if (!hsts.empty()) fields.emplace_back("Strict-Transport-Security", std::move(hsts));
  auto decision = decide_upgrade(exchange.request(), exchange.http_minor, config, std::move(fields));
  if (!decision) {
    UpgradeRefused& refused = decision.error();
    return refuse(exchange, refused.status, refused.text, refused.log, std::move(refused.headers));
  }
  exchange.take();
  log_access(exchange.request(), 101, 0);
  connection_.send(as_bytes(decision->head));
  phase_ = Phase::ended;
  link_->layer = nullptr;
  connection_.set_deadline(0);
  if (reading_paused_) connection_.pause_reading(false);
  connection_.replace_layer(make_websocket_(config, std::move(decision->request)), waiting());
}

/// A fault of the client: one line in the log, an answer that says why, and the end of the connection.
void HttpLayer::refuse(Exchange& exchange, int status, const std::string& text, const std::string& log,
                       std::vector<Header> headers) {
  log_info("http {}: {} {}", connection_.peer(), status, log.empty() ? log_safe(text) : log);
  keep_alive_ = false;
  close_reason_ = CloseReason::http_error;
  headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  headers.emplace_back("X-Content-Type-Options", "nosniff");
  exchange.respond(status, std::move(headers), text + "\n");
}

void HttpLayer::refuse_unparsed(int status, const std::string& text, CloseReason reason) {
  log_info("http {}: {} {}", connection_.peer(), status, log_safe(text));
  keep_alive_ = false;
  head_method_ = false;
  const std::string body = text + "\n";
  const std::string fields = fields_text({{"Content-Type", "text/plain; charset=utf-8"}});
  connection_.send(as_bytes(make_head(status, fields, body.size()) + body));
  end(reason);
}

// ---- One answer ----------------------------------------------------------------------------------------------------

std::string HttpLayer::make_head(int status, std::string_view fields, std::uint64_t content_length) {
  const std::string hsts = hsts_value(site_.options(), connection_.secure(), host_name_);
  ResponseFrame frame;
  frame.date = host_.date_field();
  frame.hsts = hsts;
  frame.keep_alive = keep_alive_;
  frame.http_1_0 = http_1_0_;
  if (status != 204 && status != 304) frame.content_length = content_length;
  return response_head(status, fields, frame);
}

void HttpLayer::log_access(const HttpRequest& request, int status, std::uint64_t octets) {
  if (!site_.options().access_log) return;
  if (connection_.secure() && security_.empty()) security_ = " " + connection_.security_summary();
  log_info("access {} \"{} {}\" {} {}{}", connection_.peer(), log_safe(request.method), log_safe(request.target),
           status, octets, log_safe(security_, kShownSecurity));
}

void HttpLayer::answer(Exchange& exchange, int status, const std::vector<Header>& headers, const std::string& body) {
  std::string octets = make_head(status, fields_text(headers), body.size());
  const bool bodiless = head_method_ || status == 204 || status == 304;
  log_access(exchange.request(), status, bodiless ? 0 : body.size());
  if (!bodiless) octets += body;
  connection_.send(as_bytes(octets));
  finish_answer();
}

void HttpLayer::answer_prepared(Exchange& exchange, const PreparedAnswer& prepared) {
  const std::string head = make_head(200, prepared.fields, prepared.body.size());
  log_access(exchange.request(), 200, head_method_ ? 0 : prepared.body.size());
  if (head_method_) {
    connection_.send(as_bytes(head));
    return finish_answer();
  }
  auto octets = FramePtr::create(head.size() + prepared.body.size());
  std::uint8_t* const begin = octets.mutable_bytes().data();
  std::copy(head.begin(), head.end(), begin);
  std::copy(prepared.body.begin(), prepared.body.end(), begin + head.size());
  connection_.send(std::move(octets));
  finish_answer();
}

void HttpLayer::answer_file(Exchange& exchange, int status, const std::vector<Header>& headers, FileRange file) {
  std::string head = make_head(status, fields_text(headers), file.length);
  log_access(exchange.request(), status, head_method_ ? 0 : file.length);
  if (head_method_ || file.length == 0) {
    connection_.send(as_bytes(head));
    return finish_answer();
  }
  if (file.length > kPieceAtHand)
    ::posix_fadvise(file.fd.get(), static_cast<off_t>(file.offset), static_cast<off_t>(file.length),
                    POSIX_FADV_SEQUENTIAL);
  download_ = std::make_shared<Download>();
  download_->file = std::move(file);
  download_->head = std::move(head);
  send_some();
}

/// Nobody gets the rest of it.
void HttpLayer::drop_download() {
  phase_ = Phase::ended;
  download_.reset();
}

/// One piece in each turn, so that other connections have theirs, while the queue has room for it.
void HttpLayer::send_some() {
  if (connection_.closing()) return drop_download();
  if (!download_->read_at_hand(connection_.queued_octets() == 0)) return read_piece();
  if (send_piece() && connection_.queued_octets() <= HttpConnection::kDrainMark) send_some_later();
}

void HttpLayer::send_some_later() {
  download_->waiting = true;
  host_.next_turn([download = download_, link = link_] {
    if (link->layer == nullptr || link->layer->download_ != download) return;
    download->waiting = false;
    link->layer->send_some();
  });
}

void HttpLayer::read_piece() {
  if (!download_->head.empty()) connection_.send(as_bytes(std::exchange(download_->head, {})));
  download_->waiting = true;
  host_.offload([download = download_] { download->read(); },
                [download = download_, link = link_] {
                  if (link->layer != nullptr) link->layer->send_read(download);
                });
}

void HttpLayer::send_read(const std::shared_ptr<Download>& download) {
  if (download != download_) return;
  download->waiting = false;
  if (connection_.closing()) return drop_download();
  if (!download->complete_piece) {
    log_info("http {}: a file became shorter while it was sent; the connection is dropped", connection_.peer());
    drop_download();
    return connection_.abort(CloseReason::internal_error);
  }
  if (send_piece() && connection_.queued_octets() <= HttpConnection::kDrainMark) send_some_later();
}

/// Sends the piece that was read. False: it was the last, and the next request may already have a download of its own.
bool HttpLayer::send_piece() {
  Download& download = *download_;
  connection_.send(download.piece);
  queued_at_check_ = 0;
  download.file.offset += download.piece_octets;
  download.file.length -= download.piece_octets;
  if (download.file.length != 0) return true;
  finish_answer();
  return false;
}

void HttpLayer::finish_answer() {
  download_.reset();
  if (phase_ != Phase::answering) return;
  if (!keep_alive_ || shutting_down_)
    return end(shutting_down_ && keep_alive_ ? CloseReason::server_shutdown : close_reason_);
  phase_ = Phase::idle;
  connection_.set_deadline(site_.options().client_timeout_ms);
  process();
}

/// Sends what is queued and closes; what the client still sends is ignored.
void HttpLayer::end(CloseReason reason) {
  phase_ = Phase::ended;
  input_.release();
  connection_.close(reason);
}

// ---- Events of the connection --------------------------------------------------------------------------------------

void HttpLayer::on_drained() {
  queued_at_check_ = 0;
  if (phase_ == Phase::answering && download_) return download_->waiting ? void() : send_some_later();
  process();
}

bool HttpLayer::on_peer_end() {
  keep_alive_ = false;
  return phase_ == Phase::answering;
}

void HttpLayer::on_deadline() {
  switch (phase_) {
    case Phase::idle:
      if (!input_.empty()) return check_stall();  // the next request waits until the client takes its answers
      return end(CloseReason::idle_timeout);
    case Phase::head:
      // Nobody waits for an answer on a connection that never said a word.
      if (!parser_.started()) return end(CloseReason::handshake_timeout);
      return refuse_unparsed(408, "The request head did not arrive in time.", CloseReason::handshake_timeout);
    case Phase::body:
      return refuse_unparsed(408, "The request body did not arrive in time.", CloseReason::idle_timeout);
    case Phase::answering:
      return check_stall();
    case Phase::ended:
      return;
  }
}

/// A client that has not taken one octet since the last look is given up; a service that works is waited for.
void HttpLayer::check_stall() {
  const std::size_t queued = connection_.queued_octets();
  if (queued_at_check_ != 0 && queued >= queued_at_check_) {
    phase_ = Phase::ended;
    download_.reset();
    return connection_.abort(CloseReason::slow_consumer);
  }
  queued_at_check_ = queued;
  connection_.set_deadline(kStallTimeoutMs);
}

void HttpLayer::on_shutdown() {
  shutting_down_ = true;
  if (phase_ != Phase::answering && phase_ != Phase::ended) end(CloseReason::server_shutdown);
}

void HttpLayer::on_closed(CloseReason) {
  phase_ = Phase::ended;
  link_->layer = nullptr;
  download_.reset();
  input_.release();
}

}  // namespace transom::serve
