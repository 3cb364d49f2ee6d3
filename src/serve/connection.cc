#include "serve/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

#include "base/log.h"
#include "serve/core.h"
#include "serve/http_layer.h"
#include "serve/listener.h"
#include "serve/websocket_peer.h"
#include "tls/connection_facts.h"

namespace transom::serve {
namespace {

// How much is encrypted ahead of the socket: enough for full segments, little enough not to pile up for a slow reader.
constexpr std::size_t kEncryptAhead = 256 << 10;
constexpr std::size_t kRecord = 16 << 10;
constexpr std::size_t kMaxPieces = 64;    // of one sendmsg
constexpr std::size_t kManyWaiting = 16;  // for their turn in the handshake

}  // namespace

Connection::Connection(Core& core, Arrival arrival)
    : core_(core),
      listener_(*arrival.listener),
      socket_(core.loop(), arrival.fd, *this),
      timer_(
          core.loop().timers(), [](void* self) { static_cast<Connection*>(self)->on_timer(); }, this),
      peer_(std::move(arrival.peer)),
      network_(arrival.network),
      secure_(listener_.config().endpoint.tls.has_value()),
      handshaking_(secure_) {
  if (secure_) {
    core_.gate_.begun(network_);
    const std::uint64_t waited = core_.loop().now_ms() - arrival.arrived_ms;
    timer_.start(kTlsHandshakeMs - std::min(waited, kTlsHandshakeMs));
  } else {
    start_layer();
  }
  if (socket_.open()) {
    update_interest();
  } else {
    abort(CloseReason::internal_error);
  }
}

Connection::~Connection() {
  core_.loop().forget_flush(*this);
  end_handshake();
  if (!finished_ && layer_) layer_->on_closed(CloseReason::server_shutdown);
  if (!established_) --core_.half_open_;
}

void Connection::start_layer() {
  layer_ = std::make_unique<HttpLayer>(
      *this, core_, listener_.site(), [this](const WebSocketConfig& config, WebSocketRequest request) {
        return make_websocket_peer(*this, config, listener_.site().worker_id(), std::move(request));
      });
}

// ---------------------------------------------------------------- receiving

void Connection::on_socket_ready(bool readable, bool writable) {
  if (writable) core_.loop().want_flush(*this);
  if (!readable) return;
  // The dear part can wait until those who are through have been served; then the core calls advance_handshake.
  if (!handshaking_ || closing()) return read_some();
  if (std::exchange(awaits_turn_, true)) return;
  // In a flood, each turn of the loop would be told of all that wait; it comes to them without.
  if (core_.await_handshake_turn(*this) > kManyWaiting) socket_.watch(false, false);
}

void Connection::advance_handshake() {
  awaits_turn_ = false;
  if (!finished_) read_some();
  update_interest();
}

void Connection::end_handshake() {
  if (std::exchange(awaits_turn_, false)) core_.forget_handshake_turn(*this);
  if (!std::exchange(handshaking_, false)) return;
  core_.gate_.ended(network_);
  core_.room_made();
}

void Connection::read_some() {
  if (core_.congested()) {
    paused_by_cores_ = true;
    core_.hold(*this);
    return update_interest();
  }
  const MutableByteSpan buffer = core_.loop().receive_buffer();
  const ssize_t got = recv(socket_.fd(), buffer.data(), buffer.size(), 0);
  if (got < 0) {
    if (errno == EAGAIN || errno == EINTR) return;
    return finish(CloseReason::peer_reset);
  }
  if (got == 0) {
    peer_ended_ = true;
    update_interest();
    if (closing()) {
      if (stream_ended_) finish(close_reason_);
    } else if (!layer_ || !layer_->on_peer_end()) {
      close(CloseReason::peer_closed);
    }
    return;
  }
  if (closing()) return;  // discarded: only the end of the peer's stream matters now
  if (!receive(buffer.first(static_cast<std::size_t>(got)))) return;
  update_interest();
}

bool Connection::receive(MutableByteSpan octets) {
  if (secure_) return receive_encrypted(octets);
  deliver(octets);
  return true;
}

bool Connection::receive_encrypted(ByteSpan octets) {
  if (!tls_) tls_ = std::make_unique<tls::Stream>(*listener_.tls());
  Buffer& plain = core_.loop().plain_scratch();
  Buffer& network = core_.loop().network_scratch();
  plain.clear();
  network.clear();
  const auto state = tls_->receive(octets, plain, network);
  if (!network.empty() && !send_network(network)) return false;
  if (!unsent_.empty()) core_.loop().want_flush(*this);
  if (handshaking_ && state == tls::Stream::State::complete) {
    log_info("{}: an ACME server has looked at the certificate of its challenge (tls-alpn-01)", peer_);
    end_handshake();
    close(CloseReason::peer_closed);
    return true;
  }
  if (handshaking_ && (state == tls::Stream::State::open || state == tls::Stream::State::peer_closed)) {
    end_handshake();
    timer_.cancel();
    start_layer();
  }
  if (!plain.empty() && layer_) deliver(plain.bytes());
  if (state == tls::Stream::State::failed) {
    if (!finished_) log_end(CloseReason::tls_error, tls_->error());
    if (layer_) layer_->on_peer_end();
    // In order, as a RST for octets that nobody read would overtake the alert.
    close(CloseReason::tls_error);
  } else if (state == tls::Stream::State::peer_closed) {
    if (layer_) layer_->on_peer_end();
    peer_ended_ = true;  // nothing of use can follow: its FIN need not be waited for
    close(CloseReason::peer_closed);
    return false;
  }
  return true;
}

void Connection::deliver(MutableByteSpan plain) {
  swap_layer();
  if (closing()) return;
  in_layer_ = true;
  layer_->on_octets(plain);
  in_layer_ = false;
  swap_layer();
}

void Connection::replace_layer(std::unique_ptr<Layer> layer, ByteSpan leftover) {
  if (finished_) return;
  next_layer_ = std::move(layer);
  leftover_.append(leftover);
  if (!in_layer_) core_.loop().want_flush(*this);
}

void Connection::swap_layer() {
  if (!next_layer_) return;
  layer_ = std::move(next_layer_);
  paused_by_layer_ = false;
  Buffer leftover;
  leftover.swap(leftover_);
  if (!leftover.empty() && !closing()) deliver(leftover.bytes());
}

// ---------------------------------------------------------------- sending

void Connection::send(FramePtr frame) {
  if (closing()) return;
  if (queue_weight() >= queue_limit_) {
    log_end(CloseReason::slow_consumer,
            fmt::format("{} octets wait to be sent, the limit is {}; the peer does not read", queue_weight(),
                        queue_limit_));
    return abort(CloseReason::slow_consumer);
  }
  queued_octets_ += frame->size();
  queue_.push_back(std::move(frame));
  above_drain_mark_ |= queued_octets_ > kDrainMark;
  core_.loop().want_flush(*this);
}

void Connection::on_flush() {
  if (finished_) return;
  if (aborted_) return finish(close_reason_);
  if (!write_out()) return;
  // Only what a flush left behind waits for the socket. Each change of what is watched costs libuv two system calls, so
  // output that the end of this turn will take anyway must not cause one.
  socket_is_full_ = !unsent_.empty() || !queue_.empty();
  if (next_layer_ && !in_layer_) swap_layer();
  after_progress();
}

bool Connection::write_out() {
  if (!unsent_.empty() && !send_network(unsent_)) return false;
  if (queue_.empty() || !unsent_.empty()) return true;
  return tls_ ? write_encrypted() : write_clear();
}

bool Connection::write_encrypted() {
  if (tls_->state() != tls::Stream::State::open) {
    drop_from_queue(queued_octets_);  // the peer has ended its side: nobody will read this
    return true;
  }
  Buffer& network = core_.loop().network_scratch();
  Buffer& scratch = core_.loop().plain_scratch();
  while (!queue_.empty() && unsent_.empty()) {
    network.clear();
    while (!queue_.empty() && network.size() < kEncryptAhead) {
      const ByteSpan plain = gather(scratch, kEncryptAhead - network.size());
      if (tls_->send(plain, network) == tls::Stream::State::failed) {
        log_end(CloseReason::tls_error, tls_->error());
        abort(CloseReason::tls_error);
        return true;
      }
      drop_from_queue(plain.size());
    }
    if (!send_network(network)) return false;
  }
  return true;
}

/// The next octets of the queue in one run: many small frames copied together, up to one record, or a part of a large
/// frame where it lies.
ByteSpan Connection::gather(Buffer& scratch, std::size_t limit) {
  const ByteSpan first = queue_[queue_head_]->bytes().subspan(queue_offset_);
  if (first.size() >= kRecord || queue_head_ + 1 == queue_.size()) return first.first(std::min(first.size(), limit));
  scratch.clear();
  scratch.append(first);
  for (std::size_t i = queue_head_ + 1; i < queue_.size() && scratch.size() < kRecord; ++i) {
    const ByteSpan next = queue_[i]->bytes();
    scratch.append(next.first(std::min(next.size(), kRecord - scratch.size())));
  }
  return scratch.view();
}

bool Connection::write_clear() {
  while (!queue_.empty()) {
    iovec pieces[kMaxPieces];
    std::size_t count = 0, total = 0;
    for (std::size_t i = queue_head_; i < queue_.size() && count < kMaxPieces; ++i, ++count) {
      const ByteSpan octets = queue_[i]->bytes().subspan(i == queue_head_ ? queue_offset_ : 0);
      pieces[count] = {const_cast<std::uint8_t*>(octets.data()), octets.size()};
      total += octets.size();
    }
    msghdr message{};
    message.msg_iov = pieces;
    message.msg_iovlen = count;
    const ssize_t sent = sendmsg(socket_.fd(), &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EAGAIN || errno == EINTR) return true;
      finish(CloseReason::peer_reset);
      return false;
    }
    progressed_ = true;
    drop_from_queue(static_cast<std::size_t>(sent));
    if (static_cast<std::size_t>(sent) < total) return true;
  }
  return true;
}

/// Sends what it can of `octets`; the rest goes to (or stays in) `unsent_`. False: the connection is finished.
bool Connection::send_network(Buffer& octets) {
  if (&octets != &unsent_ && !unsent_.empty()) {
    unsent_.append(octets.view());
    octets.clear();
    return true;
  }
  while (!octets.empty()) {
    const ssize_t sent = ::send(socket_.fd(), octets.view().data(), octets.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) break;
      finish(CloseReason::peer_reset);
      return false;
    }
    progressed_ = true;
    octets.consume(static_cast<std::size_t>(sent));
  }
  if (&octets == &unsent_) {
    if (unsent_.empty()) unsent_.release();
  } else if (!octets.empty()) {
    unsent_.append(octets.view());
  }
  return true;
}

void Connection::drop_from_queue(std::size_t octets) {
  queued_octets_ -= octets;
  octets += queue_offset_;
  while (queue_head_ < queue_.size() && octets >= queue_[queue_head_]->size()) {
    octets -= queue_[queue_head_]->size();
    queue_[queue_head_++] = FramePtr();
  }
  queue_offset_ = octets;
  if (queue_head_ == queue_.size()) {
    constexpr std::size_t kKeptSlots = 16;
    queue_.clear();
    if (queue_.capacity() > kKeptSlots) queue_.shrink_to_fit();
    queue_head_ = 0;
  } else if (queue_head_ > 1024 && queue_head_ * 2 > queue_.size()) {
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(queue_head_));
    queue_head_ = 0;
  }
}

void Connection::after_progress() {
  if (above_drain_mark_ && queued_octets_ <= kDrainMark) {
    above_drain_mark_ = false;
    if (layer_ && !closing()) {
      in_layer_ = true;
      layer_->on_drained();
      in_layer_ = false;
      swap_layer();
    }
  }
  if (closing() && queue_.empty() && unsent_.empty()) end_stream();
  if (!finished_) update_interest();
}

// ---------------------------------------------------------------- ending

void Connection::close(CloseReason reason) {
  if (closing()) return;
  close_reason_ = reason;
  timer_.start(kStallMs);
  core_.loop().want_flush(*this);
}

void Connection::abort(CloseReason reason) {
  if (finished_) return;
  if (!closing()) close_reason_ = reason;
  aborted_ = true;
  core_.loop().want_flush(*this);
}

void Connection::shut_down() {
  if (closing()) return;
  swap_layer();
  if (!layer_) return abort(CloseReason::server_shutdown);
  in_layer_ = true;
  layer_->on_shutdown();
  in_layer_ = false;
  swap_layer();
}

/// Everything queued is out: says so to the peer, and waits for its end so that no RST overtakes the last octets.
void Connection::end_stream() {
  if (tls_ && !close_notified_) {
    close_notified_ = true;
    Buffer& network = core_.loop().network_scratch();
    network.clear();
    tls_->shut_down(network);
    if (!network.empty() && !send_network(network)) return;
    if (!unsent_.empty()) return;  // the socket is full: the FIN must wait for it
  }
  if (!stream_ended_) {
    stream_ended_ = true;
    ::shutdown(socket_.fd(), SHUT_WR);
    timer_.start(kLingerMs);
  }
  if (peer_ended_) finish(close_reason_);
}

void Connection::finish(CloseReason reason) {
  if (finished_) return;
  finished_ = true;
  if (!closing()) close_reason_ = reason;
  timer_.cancel();
  socket_.close();
  if (layer_) layer_->on_closed(close_reason_);
  core_.release(*this);
}

void Connection::log_end(CloseReason reason, const std::string& text) {
  log_info("{}: connection closed: {}: {}", peer_, to_string(reason), log_safe(text));
}

void Connection::on_timer() {
  if (closing()) {
    // The peer gets time for the rest as long as it takes some of it, but not for ever.
    if (stream_ended_ || !take_progress() || ++stalls_ >= kMaxStalls) return finish(close_reason_);
    return timer_.start(kStallMs);
  }
  if (!layer_) {
    log_end(CloseReason::handshake_timeout, fmt::format("no TLS handshake within {} s", kTlsHandshakeMs / 1000));
    return finish(CloseReason::handshake_timeout);
  }
  in_layer_ = true;
  layer_->on_deadline();
  in_layer_ = false;
  swap_layer();
}

// ---------------------------------------------------------------- small things

void Connection::set_deadline(std::uint64_t delay_ms) {
  if (closing()) return;  // the timer bounds the closing now
  if (delay_ms == 0) {
    timer_.cancel();
  } else {
    timer_.start(delay_ms);
  }
}

void Connection::pause_reading(bool paused) {
  if (finished_) return;
  paused_by_layer_ = paused;
  core_.loop().want_flush(*this);
}

std::string Connection::security_summary() const {
  return tls_ ? tls::summary(tls::connection_facts(tls_->native())) : "";
}

void Connection::allow_delay() {
  const int off = 0;
  setsockopt(socket_.fd(), IPPROTO_TCP, TCP_NODELAY, &off, sizeof off);
}

void Connection::set_established() {
  if (established_) return;
  established_ = true;
  --core_.half_open_;
  core_.room_made();
}

void Connection::set_half_open() {
  if (!established_) return;
  established_ = false;
  ++core_.half_open_;
}

void Connection::go_on_reading() {
  paused_by_cores_ = false;
  update_interest();
}

void Connection::update_interest() {
  if (finished_) return;
  const std::size_t weight = queue_weight();
  if (weight > kHighWater) paused_by_queue_ = true;
  if (weight <= kDrainMark) paused_by_queue_ = false;
  const bool paused = paused_by_cores_ || (!closing() && (paused_by_layer_ || paused_by_queue_));
  socket_.watch(!paused && !peer_ended_, socket_is_full_);
}

}  // namespace transom::serve
