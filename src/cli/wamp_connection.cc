#include "cli/wamp_connection.h"

#include "base/log.h"
#include "base/random.h"
#include "cli/cli_error.h"
#include "wamp/serializer.h"
#include "wire/base64.h"
#include "wire/ws_handshake.h"

namespace transom::cli {
namespace {

constexpr std::int64_t kClosingSeconds = 2;
constexpr std::size_t kMaxHead = 16 * 1024;
constexpr std::size_t kShownText = 200;  // octets of a foreign text in a message of ours

std::string host_field(const wire::Url& url) {
  const std::string host = url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  const bool usual = url.port == (url.scheme == "wss" ? 443 : 80);
  return usual ? host : fmt::format("{}:{}", host, url.port);
}

/// The value of a field in a response head; empty when it is not there.
std::string field_of(std::string_view head, std::string_view name) {
  const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (!std::equal(name.begin(), name.end(), line.begin(), [&](char a, char b) { return same(b, a); })) continue;
    std::string_view value = line.substr(name.size() + 1);
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
    return std::string(value);
  }
  return "";
}

}  // namespace

WampConnection::WampConnection(const ClientTarget& target)
    : target_(target),
      stream_(target_.url, target_.trust, after_seconds(target_.timeout_s)),
      session_(target_.identity, target_.serializer, *this),
      decoder_(wire::WsDecoder::Role::client, {}) {
  upgrade();
  join();
}

void WampConnection::upgrade() {
  std::uint8_t nonce[16];
  SystemRandom().fill(nonce);
  const std::string key = wire::base64_encode(nonce);
  const auto subprotocol = wamp::serializer_info(target_.serializer).subprotocol;
  const std::string request = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {}\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {}\r\nUser-Agent: Transom/{}\r\n\r\n",
      target_.url.path, host_field(target_.url), key, subprotocol, TRANSOM_VERSION);
  stream_.write(as_bytes(request), deadline());
  const std::string head = read_head();
  if (!head.starts_with("HTTP/1.1 101")) {
    const bool readable = field_of(head, "content-type").starts_with("text/plain") && !received_.empty();
    give_up("{} refuses the WebSocket: {}{}", target_.url_text, log_safe(head.substr(0, head.find("\r\n")), kShownText),
            readable ? ": " + log_safe(received_.text(), kShownText) : "");
  }
  if (field_of(head, "sec-websocket-accept") != wire::ws_accept(key) ||
      field_of(head, "sec-websocket-protocol") != subprotocol) {
    give_up("{} answers as no WAMP node would; is the URL right?", target_.url_text);
  }
}

std::string WampConnection::read_head() {
  const Deadline until = deadline();
  for (;;) {
    const auto end = received_.text().find("\r\n\r\n");
    if (end != std::string_view::npos) {
      std::string head(received_.text().substr(0, end + 2));
      received_.consume(end + 4);
      return head;
    }
    if (received_.size() > kMaxHead) give_up("{} does not answer in HTTP", target_.url_text);
    if (stream_.read(received_, until) == NetStream::Outcome::closed) {
      give_up("{} closed the connection instead of answering; is it a wss:// node, or the other way round?",
              target_.url_text);
    }
  }
}

void WampConnection::join() {
  const Deadline until = deadline();
  session_.join();
  feed();  // what came right behind the head
  while (session_.state() == wamp::ClientSession::State::joining) step(until);
  if (closing_) report_closing();
}

void WampConnection::report_closing() const {
  const std::string message = closing_->message.empty() ? "" : ": " + log_safe(closing_->message, kShownText);
  give_up("{} ended the session: {}{}", target_.url_text, log_safe(closing_->reason, kShownText), message);
}

wamp::ClientReply WampConnection::await_reply(wamp::Id request) {
  const Deadline until = deadline();
  awaited_ = request;
  reply_.reset();
  while (!reply_) {
    if (closing_) report_closing();
    step(until);
  }
  return std::move(*reply_);
}

void WampConnection::run_until(const std::function<bool()>& enough, const InterruptWatch& interrupt) {
  while (!enough()) {
    if (closing_) report_closing();
    if (!step(kNoDeadline, interrupt.fd())) return;
  }
}

void WampConnection::leave() {
  try {
    const Deadline until = deadline();
    session_.leave();
    while (!closing_) step(until);
    const std::uint8_t normal[] = {wire::ws_close::normal >> 8, wire::ws_close::normal & 0xff};
    send_frame(wire::WsOpcode::close, normal);
    // The server closes first (RFC 6455 7.1.1), so that no connection lingers there.
    while (stream_.read(received_, after_seconds(kClosingSeconds)) == NetStream::Outcome::data) received_.clear();
    stream_.finish();
  } catch (const CliError&) {
  }
}

bool WampConnection::step(Deadline deadline, int interrupt_fd) {
  const auto outcome = stream_.read(received_, deadline, interrupt_fd);
  if (outcome == NetStream::Outcome::interrupted) return false;
  if (outcome == NetStream::Outcome::closed) {
    session_.lost("the connection was closed");
  } else {
    feed();
  }
  return true;
}

void WampConnection::feed() {
  Buffer octets;
  octets.swap(received_);
  if (octets.empty() || decoder_.feed(octets.bytes(), *this)) return;
  give_up("{} sent what is no WebSocket: {}", target_.url_text, decoder_.error_text());
}

void WampConnection::send_frame(wire::WsOpcode opcode, ByteSpan payload) {
  Buffer frame;
  wire::ws_append_masked(frame, opcode, payload, static_cast<std::uint32_t>(SystemRandom().next_u64()));
  stream_.write(frame.view(), deadline());
}

void WampConnection::on_send(ByteSpan message) {
  const bool text = wamp::serializer_info(target_.serializer).text;
  send_frame(text ? wire::WsOpcode::text : wire::WsOpcode::binary, message);
}

void WampConnection::on_reply(const wamp::ClientReply& reply) {
  if (reply.request == awaited_ && !reply.progress) reply_ = reply;
}

void WampConnection::on_event(const wamp::ClientEvent& event) {
  if (event_callback_) event_callback_(event);
}

void WampConnection::on_closed(const wamp::ClientClosing& closing) { closing_ = closing; }

void WampConnection::on_message(bool text, MutableByteSpan message) { session_.receive(message, text); }

void WampConnection::on_ping(ByteSpan payload) { send_frame(wire::WsOpcode::pong, payload); }

void WampConnection::on_close(std::uint16_t code, std::string_view reason) {
  session_.lost(fmt::format("WebSocket close {}{}{}", code, reason.empty() ? "" : ": ", reason));
}

}  // namespace transom::cli
