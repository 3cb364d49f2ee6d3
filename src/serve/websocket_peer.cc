#include "serve/websocket_peer.h"

#include <algorithm>

#include "base/log.h"
#include "router/session.h"
#include "serve/core.h"
#include "serve/transport_facts.h"
#include "wire/ws_frame.h"

namespace transom::serve {
namespace {

// What a client may send before WELCOME: a HELLO or an AUTHENTICATE, nothing larger.
constexpr std::uint64_t kMaxEarlyMessage = 64 << 10;
// Pings that come while more than this waits to be sent are not answered.
constexpr std::size_t kMaxQueuedBeforePong = 64 << 10;
// How long a client has to answer our GOODBYE when the node stops.
constexpr std::uint64_t kGoodbyeMs = 2'000;

std::uint16_t close_code(CloseReason reason) {
  switch (reason) {
    case CloseReason::peer_closed:
    case CloseReason::wamp_refused:
      return wire::ws_close::normal;
    case CloseReason::server_shutdown:
      return wire::ws_close::going_away;
    case CloseReason::wamp_protocol_error:
      return wire::ws_close::protocol_error;
    case CloseReason::internal_error:
      return wire::ws_close::internal;
    default:
      return wire::ws_close::policy;
  }
}

class WebSocketPeer final : public Layer, public router::Peer, private wire::WsDecoder::Sink {
 public:
  WebSocketPeer(Connection& connection, const WebSocketConfig& config, const std::string& worker_id,
                const WebSocketRequest& request)
      : connection_(connection),
        config_(config),
        serializer_(request.serializer),
        decoder_(wire::WsDecoder::Role::server, early_limits()),
        session_(connection.core().router(), *this, worker_id, config.auth ? &*config.auth : nullptr) {
    connection_.set_half_open();
    connection_.set_deadline(options().open_handshake_timeout_ms);
    if (!options().tcp_nodelay) connection_.allow_delay();
  }

  // Layer.
  void on_octets(MutableByteSpan octets) override {
    heard_ = true;
    if (decoder_.feed(octets, *this)) return;
    if (closing_) return connection_.close(end_reason_);
    log_end(decoder_.error_reason(), decoder_.error_text());
    session_.on_transport_closed();
    start_close(decoder_.error_code(), decoder_.error_text(), decoder_.error_reason());
  }
  void on_deadline() override;
  void on_shutdown() override {
    if (closing_) return;
    connection_.set_deadline(kGoodbyeMs);
    waiting_ = Waiting::goodbye;
    session_.say_goodbye("wamp.close.system_shutdown", CloseReason::server_shutdown);
  }
  bool on_peer_end() override {
    session_.on_transport_closed();  // nothing can be answered any more: calls to it must not wait for the rest
    return false;
  }
  void on_closed(CloseReason) override { session_.on_transport_closed(); }

  // router::Peer.
  void send(FramePtr frame) override {
    if (closing_) return;
    const std::uint64_t piece = options().auto_fragment_size;
    if (piece > 0 && frame->size() > piece) return send_fragmented(*frame, piece);
    connection_.send(std::move(frame));
  }
  void end(CloseReason reason) override { start_close(close_code(reason), to_string(reason), reason); }
  void on_joined() override {
    connection_.set_established();
    decoder_.set_limits({options().max_frame_size, options().max_message_size, options().require_masked_client_frames});
    waiting_ = Waiting::nothing;
    connection_.set_deadline(options().auto_ping_interval_ms);
  }
  void on_left() override {
    decoder_.set_limits(early_limits());
    waiting_ = Waiting::hello;
    connection_.set_deadline(options().open_handshake_timeout_ms);
  }
  wamp::SerializerId serializer() const override { return serializer_; }
  wire::Framing framing() const override { return wire::Framing::websocket; }
  const std::string& name() const override { return connection_.peer(); }
  router::TransportFacts transport_facts() const override {
    return serve::transport_facts(connection_, "websocket", wamp::serializer_info(serializer_).name);
  }

 private:
  enum class Waiting : std::uint8_t { hello, nothing, pong, goodbye, close };

  // wire::WsDecoder::Sink.
  void on_message(bool text, MutableByteSpan message) override {
    if (text != wamp::serializer_info(serializer_).text) {
      return session_.violate(text ? "a text message on a binary subprotocol"
                                   : "a binary message on a text subprotocol");
    }
    session_.receive(message, text);
  }
  void on_ping(ByteSpan payload) override {
    // Answering only the latest of several pings is allowed (RFC 6455 5.5.3); a peer that does not read gets no more.
    if (closing_ || connection_.queued_octets() > kMaxQueuedBeforePong) return;
    connection_.send(wire::ws_frame(wire::WsOpcode::pong, payload));
  }
  void on_pong(ByteSpan) override {}  // `heard_` says it all
  void on_close(std::uint16_t code, std::string_view reason) override;

  const WebSocketOptions& options() const { return config_.options; }
  wire::WsDecoder::Limits early_limits() const {
    return {std::min(kMaxEarlyMessage, options().max_frame_size),
            std::min(kMaxEarlyMessage, options().max_message_size), options().require_masked_client_frames};
  }
  void start_close(std::uint16_t code, std::string_view reason, CloseReason close_reason);
  void send_fragmented(const Frame& frame, std::uint64_t piece);
  void send_ping();
  void log_end(CloseReason reason, std::string_view text) {
    log_info("{}: WebSocket closed: {}: {}", name(), to_string(reason), log_safe(text));
  }

  Connection& connection_;
  const WebSocketConfig& config_;
  const wamp::SerializerId serializer_;
  Waiting waiting_ = Waiting::hello;
  bool heard_ = false;    // something has come since the deadline was set
  bool closing_ = false;  // our close frame is queued
  CloseReason end_reason_ = CloseReason::none;
  wire::WsDecoder decoder_;
  router::Session session_;
};

void WebSocketPeer::on_deadline() {
  switch (waiting_) {
    case Waiting::hello:
      log_end(CloseReason::handshake_timeout, "no HELLO in time");
      session_.on_transport_closed();  // a HELLO that still comes is too late
      return start_close(wire::ws_close::policy, "no HELLO in time", CloseReason::handshake_timeout);
    case Waiting::nothing:
      return send_ping();
    case Waiting::pong:
      // A slow reader's pong may wait behind all that it still has to take: taking it shows life, too.
      if (heard_ || (connection_.take_progress() && connection_.queued_octets() > 0)) {
        heard_ = true;
        return send_ping();
      }
      log_end(CloseReason::ping_timeout, "no answer to a ping");
      return connection_.abort(CloseReason::ping_timeout);
    case Waiting::goodbye:
      return end(CloseReason::server_shutdown);
    case Waiting::close:
      return connection_.abort(end_reason_);
  }
}

/// Traffic since the last look is as good as a pong.
void WebSocketPeer::send_ping() {
  const bool alive = heard_;
  heard_ = false;
  if (alive) {
    waiting_ = Waiting::nothing;
    return connection_.set_deadline(options().auto_ping_interval_ms);
  }
  std::uint8_t payload[125];
  const MutableByteSpan used(payload, std::min<std::size_t>(options().auto_ping_size, sizeof payload));
  connection_.core().random().fill(used);
  connection_.send(wire::ws_frame(wire::WsOpcode::ping, used));
  waiting_ = Waiting::pong;
  connection_.set_deadline(options().auto_ping_timeout_ms);
}

void WebSocketPeer::on_close(std::uint16_t code, std::string_view reason) {
  session_.on_transport_closed();
  if (!closing_) {
    const std::uint16_t answer = code == wire::ws_close::no_status ? code
                                 : options().echo_close_codereason ? code
                                                                   : wire::ws_close::normal;
    connection_.send(wire::ws_close_frame(answer, options().echo_close_codereason ? reason : std::string_view()));
    closing_ = true;
  }
  connection_.close(end_reason_ == CloseReason::none ? CloseReason::peer_closed : end_reason_);
}

void WebSocketPeer::start_close(std::uint16_t code, std::string_view reason, CloseReason close_reason) {
  if (closing_) return;
  closing_ = true;
  end_reason_ = close_reason;
  const bool at_fault = code == wire::ws_close::protocol_error || code == wire::ws_close::invalid_payload ||
                        code == wire::ws_close::too_big;
  if (options().fail_by_drop && at_fault) return connection_.abort(close_reason);
  connection_.send(wire::ws_close_frame(code, reason));
  if (decoder_.error_code() != 0) {
    // The peer's frames cannot be told apart any more, so its close frame will not be seen (RFC 6455 7.1.7).
    return connection_.close(close_reason);
  }
  waiting_ = Waiting::close;
  connection_.set_deadline(options().close_handshake_timeout_ms);
}

void WebSocketPeer::send_fragmented(const Frame& frame, std::uint64_t piece) {
  const ByteSpan whole = frame.bytes();
  const std::size_t length = whole[1] & 0x7f;
  ByteSpan payload = whole.subspan(length < 126 ? 2 : length == 126 ? 4 : 10);
  auto opcode = static_cast<wire::WsOpcode>(whole[0] & 0x0f);
  while (!payload.empty()) {
    const ByteSpan part = payload.first(std::min<std::size_t>(payload.size(), piece));
    payload = payload.subspan(part.size());
    std::uint8_t header[10];
    const std::size_t header_length = wire::ws_write_header(header, opcode, part.size(), payload.empty());
    FramePtr fragment = FramePtr::create(header_length + part.size());
    std::copy_n(header, header_length, fragment.mutable_bytes().begin());
    std::copy(part.begin(), part.end(), fragment.mutable_bytes().subspan(header_length).begin());
    connection_.send(std::move(fragment));
    opcode = wire::WsOpcode::continuation;
  }
}

}  // namespace

std::unique_ptr<Layer> make_websocket_peer(Connection& connection, const WebSocketConfig& config,
                                           const std::string& worker_id, WebSocketRequest request) {
  return std::make_unique<WebSocketPeer>(connection, config, worker_id, request);
}

}  // namespace transom::serve
