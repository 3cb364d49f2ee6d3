// Feeds WebSocket frames whole and chopped at places the input chooses: what comes out must be the same.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "wire/ws_frame.h"

namespace {

using namespace transom;
using wire::WsDecoder;

struct Recorder final : WsDecoder::Sink {
  std::string log;
  WsDecoder* decoder = nullptr;
  std::size_t stop_after = 0;  // messages; 0: never

  void on_message(bool text, MutableByteSpan message) override {
    log.append(text ? "t" : "b").append(std::to_string(message.size())).append(":");
    if (text && !wire::is_utf8(message)) std::abort();
    if (stop_after > 0 && --stop_after == 0) decoder->stop();
    log.append(as_text(message));
    std::fill(message.begin(), message.end(), std::uint8_t{0xee});  // a sink may change it
  }
  void on_ping(ByteSpan payload) override { note("ping:", payload); }
  void on_pong(ByteSpan payload) override { note("pong:", payload); }
  void on_close(std::uint16_t code, std::string_view reason) override {
    note("close:" + std::to_string(code) + ":", as_bytes(reason));
  }
  void note(std::string what, ByteSpan payload) {
    if (payload.size() > 125) std::abort();
    log.append(what).append(as_text(payload)).append("\n");
  }
};

struct Settings {
  WsDecoder::Role role;
  WsDecoder::Limits limits;
  std::size_t stop_after;
};

std::string run(ByteSpan input, ByteSpan cuts, const Settings& settings) {
  WsDecoder decoder(settings.role, settings.limits);
  Recorder recorder;
  recorder.decoder = &decoder;
  recorder.stop_after = settings.stop_after;
  bool ok = true;
  std::size_t cut = 0;
  while (!input.empty() && ok) {
    std::size_t count = cuts.empty() ? input.size() : cuts[cut++ % cuts.size()] % 64u + 1u;
    count = std::min(count, input.size());
    std::vector<std::uint8_t> piece(input.begin(), input.begin() + static_cast<long>(count));
    ok = decoder.feed(piece, recorder);
    if (decoder.buffered() > settings.limits.max_message_size + 125) std::abort();
    input = input.subspan(count);
  }
  if (ok != (decoder.error_code() == 0)) std::abort();
  return recorder.log + (ok ? "ok" : decoder.error_text());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 6) return 0;
  const std::uint8_t flags = data[0];
  Settings settings{(flags & 1) != 0 ? WsDecoder::Role::server : WsDecoder::Role::client, {}, (flags >> 4) & 3u};
  settings.limits.require_masked = (flags & 2) != 0;
  settings.limits.max_frame_size = (flags & 4) != 0 ? 200 : 0;
  settings.limits.max_message_size = (flags & 8) != 0 ? 300 : 1 << 20;
  const ByteSpan cuts(data + 1, 4), input(data + 5, size - 5);
  const std::string whole = run(input, {}, settings);
  const std::uint8_t one[1] = {0};
  if (run(input, cuts, settings) != whole || run(input, one, settings) != whole) {
    std::fprintf(stderr, "whole and chopped feeding differ\n");
    std::abort();
  }
  return 0;
}
