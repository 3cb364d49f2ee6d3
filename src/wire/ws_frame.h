// WebSocket frames (RFC 6455 section 5) as a pure byte machine.
//
//   frame  = FIN(1) RSV(3) opcode(4)  MASK(1) length(7)  [length16 | length64]  [mask key 32]  payload
//   opcode = 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/close_reason.h"
#include "base/frame.h"
#include "wire/utf8.h"

namespace transom::wire {

enum class WsOpcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Close codes of RFC 6455 section 7.4.1 that this node sends.
namespace ws_close {
inline constexpr std::uint16_t normal = 1000, going_away = 1001, protocol_error = 1002, no_status = 1005,
                               invalid_payload = 1007, policy = 1008, too_big = 1009, internal = 1011, try_later = 1013;
}

/// Decodes the frames of one direction of one connection. Data is unmasked in place; a message that lies whole in one
/// `feed` is handed on without a copy. UTF-8 of text messages is checked as octets arrive (fail fast). Idle decoders
/// own no memory besides themselves.
class WsDecoder {
 public:
  enum class Role { server, client };  // whose decoder it is: a server receives masked frames
  struct Limits {
    std::uint64_t max_frame_size = 16 << 20;    // octets; 0 means no limit but max_message_size
    std::uint64_t max_message_size = 16 << 20;  // octets over all fragments; taken literally
    bool require_masked = true;                 // server role only
  };
  /// Receives what was decoded. Spans are valid during the call. A sink may call `stop`.
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void on_message(bool text, MutableByteSpan message) = 0;
    virtual void on_ping(ByteSpan payload) = 0;
    virtual void on_pong(ByteSpan payload) = 0;
    /// `code` is ws_close::no_status when the frame was empty. No further frame is decoded.
    virtual void on_close(std::uint16_t code, std::string_view reason) = 0;
  };

  WsDecoder(Role role, Limits limits) : limits_(limits), role_(role) {}

  /// Takes octets, which it may change. False: the connection must be failed, see the error functions; nothing more
  /// may be fed.
  bool feed(MutableByteSpan octets, Sink& sink);
  /// Changes the limits from the next frame header on (small before WELCOME, the configured ones after).
  void set_limits(Limits limits) { limits_ = limits; }
  /// Ignores all further octets (a sink calls it when it closes the connection).
  void stop();

  std::uint16_t error_code() const;                         // close code to send
  CloseReason error_reason() const;                         // websocket_error, invalid_utf8 or message_too_big
  const char* error_text() const;                           // for the log and the close frame
  std::size_t buffered() const { return message_.size(); }  // octets of an unfinished message

 private:
  /// What went wrong: an index into the table of close codes and texts.
  enum class Fault : std::uint8_t;
  enum class State : std::uint8_t { header, payload, stopped, failed };

  void take_header(MutableByteSpan& octets);
  std::size_t header_needed() const;
  bool check_start();
  bool check_length();
  void begin_payload();
  void take_payload(MutableByteSpan& octets, Sink& sink);
  void take_whole_message(MutableByteSpan payload, Sink& sink);
  void take_data_piece(MutableByteSpan piece, Sink& sink);
  void take_control_piece(MutableByteSpan piece, Sink& sink);
  void end_data_frame(Sink& sink);
  void deliver_control(ByteSpan payload, Sink& sink);
  void deliver_close(ByteSpan payload, Sink& sink);
  bool is_control() const { return (header_[0] & 0x08) != 0; }
  bool is_final() const { return (header_[0] & 0x80) != 0; }
  void to_header() {
    if (state_ == State::payload) state_ = State::header;
  }
  bool fail(Fault fault);

  // Holds the unfinished message and, behind it, the part of a control frame that a feed has cut.
  Buffer message_;
  Limits limits_;
  std::uint64_t remaining_ = 0;  // octets of the payload still to come
  std::uint8_t header_[14] = {};
  std::uint8_t header_size_ = 0;
  std::uint8_t phase_ = 0;                            // where in the mask key the next payload octet lies
  std::uint8_t control_size_ = 0;                     // octets of the cut control frame at the end of message_
  WsOpcode message_opcode_ = WsOpcode::continuation;  // continuation: no message is open
  Role role_;
  State state_ = State::header;
  Fault fault_{};
  Utf8Stream utf8_;
};

/// Writes the header of an unmasked final frame into `out`; gives its length (2, 4 or 10).
std::size_t ws_write_header(std::uint8_t (&out)[10], WsOpcode opcode, std::uint64_t length, bool fin = true);
/// A whole unmasked frame (server to client), in one allocation.
FramePtr ws_frame(WsOpcode opcode, ByteSpan payload);
/// A close frame; `reason` is cut at a character boundary to 123 octets. Code no_status gives an empty payload.
FramePtr ws_close_frame(std::uint16_t code, std::string_view reason);
/// A masked frame (client to server), appended.
void ws_append_masked(Buffer& out, WsOpcode opcode, ByteSpan payload, std::uint32_t mask_key);
/// XORs `octets` with the mask key, whose first octet applies at offset `phase` modulo 4.
void ws_unmask(MutableByteSpan octets, const std::uint8_t (&key)[4], std::size_t phase);

}  // namespace transom::wire
