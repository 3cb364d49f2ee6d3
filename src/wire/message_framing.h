// How one message is wrapped for its transport, done once and shared by all receivers of that kind.
#pragma once
#include <cstdint>

#include "base/bytes.h"
#include "base/frame.h"
#include "wire/ws_frame.h"

namespace transom::wire {

enum class Framing : std::uint8_t { websocket };
inline constexpr std::size_t kFramingCount = 1;

inline FramePtr frame_message(Framing, bool text, ByteSpan message) {
  return ws_frame(text ? WsOpcode::text : WsOpcode::binary, message);
}

}  // namespace transom::wire
