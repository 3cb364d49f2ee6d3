// A WAMP session of a command over WebSocket: connects, joins, waits.
#pragma once
#include <functional>
#include <optional>

#include "cli/client_options.h"
#include "cli/net_stream.h"
#include "wamp/client_session.h"
#include "wire/ws_frame.h"

namespace transom::cli {

/// Everything blocks, and everything that goes wrong throws CliError.
class WampConnection final : private wamp::ClientSession::Handler, private wire::WsDecoder::Sink {
 public:
  /// Connects and joins the realm.
  explicit WampConnection(const ClientTarget& target);

  wamp::ClientSession& session() { return session_; }
  /// Waits for the answer to `request`; progressive results are passed over.
  wamp::ClientReply await_reply(wamp::Id request);
  void on_each_event(std::function<void(const wamp::ClientEvent&)> callback) { event_callback_ = std::move(callback); }
  /// Handles what comes until `enough` says so or a signal ends it; no deadline.
  void run_until(const std::function<bool()>& enough, const InterruptWatch& interrupt);
  /// Says GOODBYE, waits for the answer, closes. Whatever fails then does not matter any more.
  void leave();

 private:
  void on_send(ByteSpan message) override;
  void on_reply(const wamp::ClientReply& reply) override;
  void on_event(const wamp::ClientEvent& event) override;
  void on_closed(const wamp::ClientClosing& closing) override;
  void on_message(bool text, MutableByteSpan message) override;
  void on_ping(ByteSpan payload) override;
  void on_pong(ByteSpan /*payload*/) override {}
  void on_close(std::uint16_t code, std::string_view reason) override;

  void upgrade();
  std::string read_head();
  void join();
  void send_frame(wire::WsOpcode opcode, ByteSpan payload);
  /// Reads once and handles it; false: interrupted.
  bool step(Deadline deadline, int interrupt_fd = -1);
  void feed();
  Deadline deadline() const { return after_seconds(target_.timeout_s); }
  [[noreturn]] void report_closing() const;

  ClientTarget target_;
  NetStream stream_;
  wamp::ClientSession session_;
  wire::WsDecoder decoder_;
  Buffer received_;
  wamp::Id awaited_ = 0;
  std::optional<wamp::ClientReply> reply_;
  std::optional<wamp::ClientClosing> closing_;
  std::function<void(const wamp::ClientEvent&)> event_callback_;
};

}  // namespace transom::cli
