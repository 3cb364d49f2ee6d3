#include "wire/ws_frame.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace transom::wire {

enum class WsDecoder::Fault : std::uint8_t {
  none,
  reserved_bits,
  reserved_opcode,
  control_fragmented,
  control_too_long,
  not_masked,
  masked,
  continuation_without_start,
  message_within_message,
  length_not_minimal,
  length_top_bit,
  frame_too_big,
  message_too_big,
  text_not_utf8,
  reason_not_utf8,
  close_one_octet,
  close_code,
};

namespace {

constexpr std::size_t kMaxControlPayload = 125;

struct FaultRow {
  std::uint16_t code;
  CloseReason reason;
  const char* text;
};

// In the order of WsDecoder::Fault. The texts travel in close frames, so they stay below 123 octets.
constexpr FaultRow kFaults[] = {
    {0, CloseReason::none, ""},
    {ws_close::protocol_error, CloseReason::websocket_error, "a reserved bit is set and no extension was agreed"},
    {ws_close::protocol_error, CloseReason::websocket_error, "a reserved opcode"},
    {ws_close::protocol_error, CloseReason::websocket_error, "a fragmented control frame"},
    {ws_close::protocol_error, CloseReason::websocket_error, "a control frame of more than 125 octets"},
    {ws_close::protocol_error, CloseReason::websocket_error, "a client must mask its frames"},
    {ws_close::protocol_error, CloseReason::websocket_error, "a server must not mask its frames"},
    {ws_close::protocol_error, CloseReason::websocket_error, "a continuation frame, but no message is open"},
    {ws_close::protocol_error, CloseReason::websocket_error, "a new message before the last one was finished"},
    {ws_close::protocol_error, CloseReason::websocket_error, "a frame length not in its shortest form"},
    {ws_close::protocol_error, CloseReason::websocket_error, "a frame length with the top bit set"},
    {ws_close::too_big, CloseReason::message_too_big, "the frame is longer than max_frame_size"},
    {ws_close::too_big, CloseReason::message_too_big, "the message is longer than max_message_size"},
    {ws_close::invalid_payload, CloseReason::invalid_utf8, "a text message that is not UTF-8"},
    {ws_close::invalid_payload, CloseReason::invalid_utf8, "a close reason that is not UTF-8"},
    {ws_close::protocol_error, CloseReason::websocket_error, "a close frame of one octet"},
    {ws_close::protocol_error, CloseReason::websocket_error, "a close code that must not be sent"},
};

std::uint64_t read_big_endian(const std::uint8_t* octets, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | octets[i];
  return value;
}

bool may_be_sent(std::uint64_t code) {
  if (code >= 3000) return code <= 4999;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

}  // namespace

std::uint16_t WsDecoder::error_code() const { return kFaults[static_cast<std::size_t>(fault_)].code; }
CloseReason WsDecoder::error_reason() const { return kFaults[static_cast<std::size_t>(fault_)].reason; }
const char* WsDecoder::error_text() const { return kFaults[static_cast<std::size_t>(fault_)].text; }

bool WsDecoder::fail(Fault fault) {
  static_assert(std::size(kFaults) == static_cast<std::size_t>(Fault::close_code) + 1);
  fault_ = fault;
  state_ = State::failed;
  message_.release();
  return false;
}

// Whatever a sink is looking at lies outside message_ by then, so that it may be freed from inside a callback.
void WsDecoder::stop() {
  if (state_ == State::failed) return;
  state_ = State::stopped;
  message_.release();
}

bool WsDecoder::feed(MutableByteSpan octets, Sink& sink) {
  while (!octets.empty()) {
    if (state_ == State::header) take_header(octets);
    // A frame without payload ends with its header, so this must not wait for another octet.
    if (state_ == State::payload && (remaining_ == 0 || !octets.empty())) take_payload(octets, sink);
    if (state_ == State::stopped || state_ == State::failed) break;
  }
  return state_ != State::failed;
}

/// Octets of the header as far as it is known: two, then with the longer length, then with the mask key.
std::size_t WsDecoder::header_needed() const {
  if (header_size_ < 2) return 2;
  const std::uint8_t length = header_[1] & 0x7f;
  const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (header_size_ < 2 + extended) return 2 + extended;
  return 2 + extended + ((header_[1] & 0x80) != 0 ? 4 : 0);
}

void WsDecoder::take_header(MutableByteSpan& octets) {
  while (true) {
    const std::size_t needed = header_needed();
    const std::size_t count = std::min(needed - header_size_, octets.size());
    for (std::size_t i = 0; i < count; ++i) header_[header_size_ + i] = octets[i];
    header_size_ = static_cast<std::uint8_t>(header_size_ + count);
    octets = octets.subspan(count);
    if (header_size_ < needed) return;
    if (needed == 2 && !check_start()) return;
    if (header_needed() == needed) break;
  }
  if (check_length()) begin_payload();
}

/// Judges the first two octets, as early as they are there.
bool WsDecoder::check_start() {
  const std::uint8_t opcode = header_[0] & 0x0f;
  const bool masked = (header_[1] & 0x80) != 0;
  if ((header_[0] & 0x70) != 0) return fail(Fault::reserved_bits);
  if ((opcode & 0x07) > 2) return fail(Fault::reserved_opcode);
  if (role_ == Role::server && limits_.require_masked && !masked) return fail(Fault::not_masked);
  if (role_ == Role::client && masked) return fail(Fault::masked);
  if (is_control()) {
    if (!is_final()) return fail(Fault::control_fragmented);
    if ((header_[1] & 0x7f) > kMaxControlPayload) return fail(Fault::control_too_long);
    return true;
  }
  const bool open = message_opcode_ != WsOpcode::continuation;
  if (opcode == 0 && !open) return fail(Fault::continuation_without_start);
  if (opcode != 0 && open) return fail(Fault::message_within_message);
  return true;
}

/// Sets `remaining_` from the header, after every check, so that later sums of lengths cannot overflow.
bool WsDecoder::check_length() {
  std::uint64_t length = header_[1] & 0x7f;
  if (length == 126) {
    length = read_big_endian(header_ + 2, 2);
    if (length < 126) return fail(Fault::length_not_minimal);
  } else if (length == 127) {
    length = read_big_endian(header_ + 2, 8);
    if ((length >> 63) != 0) return fail(Fault::length_top_bit);
    if (length <= 0xffff) return fail(Fault::length_not_minimal);
  }
  remaining_ = length;
  if (is_control()) return true;
  if (limits_.max_frame_size != 0 && length > limits_.max_frame_size) return fail(Fault::frame_too_big);
  const std::uint64_t have = message_.size();
  if (have > limits_.max_message_size || length > limits_.max_message_size - have) return fail(Fault::message_too_big);
  return true;
}

void WsDecoder::begin_payload() {
  // The mask key, or zeros for a frame that came unmasked, moves to where take_payload finds it.
  if ((header_[1] & 0x80) != 0) {
    std::memmove(header_ + 10, header_ + header_size_ - 4, 4);
  } else {
    std::memset(header_ + 10, 0, 4);
  }
  header_size_ = 0;
  phase_ = 0;
  state_ = State::payload;
}

void WsDecoder::take_payload(MutableByteSpan& octets, Sink& sink) {
  const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, octets.size()));
  const MutableByteSpan piece = octets.first(count);
  octets = octets.subspan(count);
  if ((header_[1] & 0x80) != 0) {
    const std::uint8_t key[4] = {header_[10], header_[11], header_[12], header_[13]};
    ws_unmask(piece, key, phase_);
  }
  phase_ = static_cast<std::uint8_t>((phase_ + count) & 3);
  remaining_ -= count;
  if (is_control()) {
    take_control_piece(piece, sink);
  } else {
    take_data_piece(piece, sink);
  }
}

void WsDecoder::take_data_piece(MutableByteSpan piece, Sink& sink) {
  const auto opcode = static_cast<WsOpcode>(header_[0] & 0x0f);
  if (opcode != WsOpcode::continuation && message_opcode_ == WsOpcode::continuation) {
    if (remaining_ == 0 && is_final()) return take_whole_message(piece, sink);
    message_opcode_ = opcode;
    utf8_.reset();
  }
  if (message_opcode_ == WsOpcode::text && !utf8_.feed(piece)) {
    fail(Fault::text_not_utf8);
    return;
  }
  message_.append(ByteSpan(piece));
  if (remaining_ == 0) end_data_frame(sink);
}

void WsDecoder::take_whole_message(MutableByteSpan payload, Sink& sink) {
  const bool text = static_cast<WsOpcode>(header_[0] & 0x0f) == WsOpcode::text;
  if (text && !is_utf8(payload)) {
    fail(Fault::text_not_utf8);
    return;
  }
  to_header();
  sink.on_message(text, payload);
}

void WsDecoder::end_data_frame(Sink& sink) {
  to_header();
  if (!is_final()) return;
  const bool text = message_opcode_ == WsOpcode::text;
  if (text && !utf8_.complete()) {
    fail(Fault::text_not_utf8);
    return;
  }
  Buffer message = std::move(message_);  // its memory goes with it: an idle decoder holds none
  message_opcode_ = WsOpcode::continuation;
  sink.on_message(text, message.bytes());
}

/// A control frame that a feed has cut waits at the end of message_, which its message does not notice.
void WsDecoder::take_control_piece(MutableByteSpan piece, Sink& sink) {
  if (remaining_ == 0 && control_size_ == 0) {
    to_header();
    return deliver_control(piece, sink);
  }
  message_.append(ByteSpan(piece));
  control_size_ = static_cast<std::uint8_t>(control_size_ + piece.size());
  if (remaining_ > 0) return;

  std::uint8_t payload[kMaxControlPayload];
  const std::size_t size = control_size_;
  const std::size_t before = message_.size() - size;
  std::memcpy(payload, message_.view().data() + before, size);
  control_size_ = 0;
  message_.truncate(before);
  if (before == 0) message_.release();
  to_header();
  deliver_control({payload, size}, sink);
}

void WsDecoder::deliver_control(ByteSpan payload, Sink& sink) {
  switch (static_cast<WsOpcode>(header_[0] & 0x0f)) {
    case WsOpcode::ping:
      return sink.on_ping(payload);
    case WsOpcode::pong:
      return sink.on_pong(payload);
    default:
      return deliver_close(payload, sink);
  }
}

void WsDecoder::deliver_close(ByteSpan payload, Sink& sink) {
  if (payload.empty()) {
    stop();
    return sink.on_close(ws_close::no_status, {});
  }
  if (payload.size() == 1) {
    fail(Fault::close_one_octet);
    return;
  }
  const auto code = static_cast<std::uint16_t>(read_big_endian(payload.data(), 2));
  const ByteSpan reason = payload.subspan(2);
  if (!may_be_sent(code)) {
    fail(Fault::close_code);
  } else if (!is_utf8(reason)) {
    fail(Fault::reason_not_utf8);
  } else {
    stop();
    sink.on_close(code, as_text(reason));
  }
}

std::size_t ws_write_header(std::uint8_t (&out)[10], WsOpcode opcode, std::uint64_t length, bool fin) {
  out[0] = static_cast<std::uint8_t>((fin ? 0x80 : 0) | static_cast<std::uint8_t>(opcode));
  if (length < 126) {
    out[1] = static_cast<std::uint8_t>(length);
    return 2;
  }
  const std::size_t octets = length <= 0xffff ? 2 : 8;
  out[1] = octets == 2 ? 126 : 127;
  for (std::size_t i = 0; i < octets; ++i) out[2 + i] = static_cast<std::uint8_t>(length >> (8 * (octets - 1 - i)));
  return 2 + octets;
}

FramePtr ws_frame(WsOpcode opcode, ByteSpan payload) {
  std::uint8_t header[10];
  const std::size_t header_size = ws_write_header(header, opcode, payload.size());
  FramePtr frame = FramePtr::create(header_size + payload.size());
  std::uint8_t* out = frame.mutable_bytes().data();
  std::memcpy(out, header, header_size);
  if (!payload.empty()) std::memcpy(out + header_size, payload.data(), payload.size());
  return frame;
}

FramePtr ws_close_frame(std::uint16_t code, std::string_view reason) {
  if (code == ws_close::no_status) return ws_frame(WsOpcode::close, {});
  if (!is_utf8(as_bytes(reason))) reason = {};  // a peer would have to fail the connection because of it
  std::size_t size = std::min(reason.size(), kMaxControlPayload - 2);
  if (size < reason.size()) {
    while (size > 0 && (static_cast<std::uint8_t>(reason[size]) & 0xc0) == 0x80) --size;
  }
  std::uint8_t payload[kMaxControlPayload] = {static_cast<std::uint8_t>(code >> 8), static_cast<std::uint8_t>(code)};
  if (size > 0) std::memcpy(payload + 2, reason.data(), size);
  return ws_frame(WsOpcode::close, {payload, size + 2});
}

void ws_append_masked(Buffer& out, WsOpcode opcode, ByteSpan payload, std::uint32_t mask_key) {
  std::uint8_t header[10];
  const std::size_t header_size = ws_write_header(header, opcode, payload.size());
  header[1] |= 0x80;
  const std::uint8_t key[4] = {static_cast<std::uint8_t>(mask_key >> 24), static_cast<std::uint8_t>(mask_key >> 16),
                               static_cast<std::uint8_t>(mask_key >> 8), static_cast<std::uint8_t>(mask_key)};
  out.append({header, header_size});
  out.append({key, 4});
  out.append(payload);
  ws_unmask(out.bytes().last(payload.size()), key, 0);
}

void ws_unmask(MutableByteSpan octets, const std::uint8_t (&key)[4], std::size_t phase) {
  std::uint8_t turned[8];
  for (std::size_t i = 0; i < 8; ++i) turned[i] = key[(phase + i) & 3];
  std::uint64_t wide;
  std::memcpy(&wide, turned, 8);

  std::uint8_t* at = octets.data();
  std::size_t left = octets.size();
  for (; left >= 32; at += 32, left -= 32) {
    std::uint64_t words[4];
    std::memcpy(words, at, 32);
    for (std::uint64_t& word : words) word ^= wide;
    std::memcpy(at, words, 32);
  }
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    word ^= wide;
    std::memcpy(at, &word, 8);
  }
  for (std::size_t i = 0; i < left; ++i) at[i] ^= turned[i];
}

}  // namespace transom::wire
