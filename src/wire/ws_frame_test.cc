#include "wire/ws_frame.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace transom::wire {
namespace {

using Octets = std::vector<std::uint8_t>;

/// Writes down what it is told: "t:Hello", "b:..", "ping:..", "pong:..", "close:1000:bye".
struct Recorder : WsDecoder::Sink {
  std::vector<std::string> events;
  WsDecoder* stop_at_message = nullptr;

  void on_message(bool text, MutableByteSpan message) override {
    events.push_back((text ? "t:" : "b:") + std::string(as_text(message)));
    if (stop_at_message != nullptr) {
      stop_at_message->stop();
      // The span must outlive stop().
      EXPECT_EQ(events.back().substr(2), as_text(message));
    }
  }
  void on_ping(ByteSpan payload) override { events.push_back("ping:" + std::string(as_text(payload))); }
  void on_pong(ByteSpan payload) override { events.push_back("pong:" + std::string(as_text(payload))); }
  void on_close(std::uint16_t code, std::string_view reason) override {
    events.push_back("close:" + std::to_string(code) + ":" + std::string(reason));
  }
};

struct Outcome {
  std::vector<std::string> events;
  bool ok = true;
  std::uint16_t code = 0;
  CloseReason reason = CloseReason::none;
  bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  for (const auto& event : outcome.events) out << event.substr(0, 40) << " | ";
  return out << (outcome.ok ? "ok" : "failed ") << outcome.code;
}

Outcome decode(const Octets& octets, std::size_t step, WsDecoder::Role role, WsDecoder::Limits limits = {}) {
  WsDecoder decoder(role, limits);
  Recorder recorder;
  Outcome outcome;
  for (std::size_t at = 0; at < octets.size() && outcome.ok; at += step) {
    // A copy of its own for each piece, so that a sanitizer sees every step beyond it.
    Octets piece(octets.begin() + static_cast<long>(at),
                 octets.begin() + static_cast<long>(std::min(at + step, octets.size())));
    outcome.ok = decoder.feed(piece, recorder);
  }
  outcome.events = recorder.events;
  outcome.code = decoder.error_code();
  outcome.reason = decoder.error_reason();
  if (!outcome.ok) {
    EXPECT_EQ(decoder.buffered(), 0u);
    EXPECT_STRNE(decoder.error_text(), "");
    EXPECT_LE(std::string(decoder.error_text()).size(), 123u);
  }
  return outcome;
}

/// Decodes whole, octet by octet and in pieces; the outcome must be the same.
Outcome decode_all_ways(const Octets& octets, WsDecoder::Role role = WsDecoder::Role::client,
                        WsDecoder::Limits limits = {}) {
  const Outcome whole = decode(octets, octets.empty() ? 1 : octets.size(), role, limits);
  for (std::size_t step : {1, 2, 3, 5, 7, 13, 64}) EXPECT_EQ(decode(octets, step, role, limits), whole) << step;
  return whole;
}

/// A frame as the sender of `first` (FIN, RSV, opcode) would write it; masked when a key is given.
Octets frame(std::uint8_t first, std::string_view payload, const char* key = nullptr) {
  std::uint8_t header[10];
  const std::size_t size = ws_write_header(header, WsOpcode::text, payload.size());
  header[0] = first;
  if (key != nullptr) header[1] |= 0x80;
  Octets out(header, header + size);
  if (key != nullptr) out.insert(out.end(), key, key + 4);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out.push_back(static_cast<std::uint8_t>(payload[i] ^ (key != nullptr ? key[i & 3] : 0)));
  }
  return out;
}

Octets operator+(Octets a, const Octets& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Outcome good(std::vector<std::string> events) { return {std::move(events)}; }
Outcome bad(std::uint16_t code, CloseReason reason, std::vector<std::string> events = {}) {
  return {std::move(events), false, code, reason};
}
Outcome protocol_error(std::vector<std::string> events = {}) {
  return bad(1002, CloseReason::websocket_error, std::move(events));
}
Outcome not_utf8(std::vector<std::string> events = {}) {
  return bad(1007, CloseReason::invalid_utf8, std::move(events));
}

// The examples of RFC 6455 section 5.7.
TEST(WsFrame, Rfc6455Examples) {
  EXPECT_EQ(decode_all_ways({0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}), good({"t:Hello"}));
  EXPECT_EQ(
      decode_all_ways({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}, WsDecoder::Role::server),
      good({"t:Hello"}));
  EXPECT_EQ(decode_all_ways({0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f}), good({"t:Hello"}));
  EXPECT_EQ(decode_all_ways({0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}), good({"ping:Hello"}));
  EXPECT_EQ(
      decode_all_ways({0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}, WsDecoder::Role::server),
      good({"pong:Hello"}));
  const std::string medium(256, '\x07'), large(65536, '\x09');
  EXPECT_EQ(decode_all_ways(Octets{0x82, 0x7e, 0x01, 0x00} + Octets(256, 7)), good({"b:" + medium}));
  EXPECT_EQ(decode_all_ways(Octets{0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0} + Octets(65536, 9)), good({"b:" + large}));
}

TEST(WsFrame, MaskedFramesOfEveryLength) {
  Octets all;
  std::vector<std::string> events;
  for (std::size_t size : {0, 1, 3, 4, 7, 8, 9, 31, 32, 33, 63, 100, 125, 126, 127, 1000, 65535, 65536, 70001}) {
    std::string payload;
    for (std::size_t i = 0; i < size; ++i) payload.push_back(static_cast<char>('a' + i % 23));
    all = all + frame(0x82, payload, "\x12\xfe\x05\x99");
    events.push_back("b:" + payload);
  }
  EXPECT_EQ(decode_all_ways(all, WsDecoder::Role::server), good(events));
}

TEST(WsFrame, ControlFramesBetweenFragments) {
  const Octets octets = frame(0x01, "Gr\xc3") + frame(0x89, "p1") + frame(0x00, "\xbc\xc3") + frame(0x8a, "") +
                        frame(0x00, "") +
                        frame(0x80,
                              "\x9f"
                              "e") +
                        frame(0x81, "next");
  EXPECT_EQ(decode_all_ways(octets), good({"ping:p1", "pong:",
                                           "t:Gr\xc3\xbc\xc3\x9f"
                                           "e",
                                           "t:next"}));
}

TEST(WsFrame, EveryTruncationIsNoError) {
  const Octets octets = frame(0x01, "Gr\xc3\xbc", "abcd") + frame(0x89, "ping", "wxyz") +
                        frame(0x80, "\xc3\x9f", "1234") +
                        frame(0x88,
                              std::string("\x03\xe8"
                                          "bye",
                                          5),
                              "9876");
  const Outcome whole = decode_all_ways(octets, WsDecoder::Role::server);
  EXPECT_EQ(whole, good({"ping:ping", "t:Gr\xc3\xbc\xc3\x9f", "close:1000:bye"}));
  for (std::size_t size = 0; size < octets.size(); ++size) {
    const Octets cut(octets.begin(), octets.begin() + static_cast<long>(size));
    const Outcome part = decode_all_ways(cut, WsDecoder::Role::server);
    EXPECT_TRUE(part.ok);
    ASSERT_LE(part.events.size(), whole.events.size());
    EXPECT_TRUE(std::equal(part.events.begin(), part.events.end(), whole.events.begin()));
  }
}

TEST(WsFrame, ProtocolErrors) {
  const auto server = WsDecoder::Role::server;
  EXPECT_EQ(decode_all_ways(frame(0xc1, "x")), protocol_error());  // RSV1
  EXPECT_EQ(decode_all_ways(frame(0xa1, "x")), protocol_error());  // RSV2
  EXPECT_EQ(decode_all_ways(frame(0x99, "x")), protocol_error());  // RSV3 on a ping
  for (int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
    EXPECT_EQ(decode_all_ways(frame(static_cast<std::uint8_t>(0x80 | opcode), "")), protocol_error()) << opcode;
  }
  EXPECT_EQ(decode_all_ways(frame(0x09, "x")), protocol_error());                     // fragmented ping
  EXPECT_EQ(decode_all_ways(frame(0x89, std::string(126, 'x'))), protocol_error());   // long ping
  EXPECT_EQ(decode_all_ways(frame(0x88, std::string(126, 'x'))), protocol_error());   // long close
  EXPECT_EQ(decode_all_ways(frame(0x80, "x")), protocol_error());                     // nothing to continue
  EXPECT_EQ(decode_all_ways(frame(0x01, "x") + frame(0x81, "y")), protocol_error());  // message within message
  EXPECT_EQ(decode_all_ways(frame(0x81, "x"), server), protocol_error());             // unmasked by a client
  EXPECT_EQ(decode_all_ways(frame(0x81, "x", "abcd")), protocol_error());             // masked by a server
  EXPECT_EQ(decode_all_ways({0x82, 0x7e, 0x00, 0x7d}), protocol_error());             // 125 in the 16-bit form
  EXPECT_EQ(decode_all_ways({0x82, 0x7f, 0, 0, 0, 0, 0, 0, 0xff, 0xff}), protocol_error());
  EXPECT_EQ(decode_all_ways({0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0}), protocol_error());
  EXPECT_EQ(decode_all_ways({0x82, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), protocol_error());
}

TEST(WsFrame, UnmaskedClientsWhereAllowed) {
  WsDecoder::Limits limits;
  limits.require_masked = false;
  const Octets octets = frame(0x81, "plain") + frame(0x81, "masked", "abcd");
  EXPECT_EQ(decode_all_ways(octets, WsDecoder::Role::server, limits), good({"t:plain", "t:masked"}));
}

TEST(WsFrame, EarlierMessagesComeBeforeTheFailure) {
  EXPECT_EQ(decode_all_ways(frame(0x81, "one") + frame(0x89, "two") + frame(0xf1, "three")),
            protocol_error({"t:one", "ping:two"}));
  EXPECT_EQ(decode_all_ways(frame(0x81, "one") + frame(0x81, "\xff") + frame(0x81, "never")), not_utf8({"t:one"}));
}

TEST(WsFrame, CloseCodes) {
  const auto close = [](int code, std::string reason = "") {
    return frame(0x88, std::string{static_cast<char>(code >> 8), static_cast<char>(code)} + reason);
  };
  for (int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999}) {
    EXPECT_EQ(decode_all_ways(close(code)), good({"close:" + std::to_string(code) + ":"})) << code;
  }
  for (int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}) {
    EXPECT_EQ(decode_all_ways(close(code)), protocol_error()) << code;
  }
  EXPECT_EQ(decode_all_ways(frame(0x88, "")), good({"close:1005:"}));
  EXPECT_EQ(decode_all_ways(frame(0x88, "x")), protocol_error());
  EXPECT_EQ(decode_all_ways(close(1000, "gr\xc3\xbc\xc3\x9f")), good({"close:1000:gr\xc3\xbc\xc3\x9f"}));
  EXPECT_EQ(decode_all_ways(close(1000, "\xc3")), not_utf8());
  // Nothing counts after a close, be it right or wrong.
  EXPECT_EQ(decode_all_ways(close(1000) + frame(0x89, "late") + frame(0xff, "")), good({"close:1000:"}));
}

TEST(WsFrame, InvalidUtf8FailsAsSoonAsItIsSeen) {
  const std::string text =
      "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80"
      "edited";
  const Octets octets = frame(0x81, text);
  WsDecoder decoder(WsDecoder::Role::client, {});
  Recorder recorder;
  std::size_t taken = 0;
  for (std::uint8_t octet : octets) {
    ++taken;
    if (!decoder.feed({&octet, 1}, recorder)) break;
  }
  EXPECT_EQ(taken, 2u + 13u);  // f4 90 cannot become valid any more
  EXPECT_EQ(decoder.error_code(), 1007);
  EXPECT_EQ(decode_all_ways(octets), not_utf8());
  EXPECT_EQ(decode_all_ways(frame(0x01, "ok") + frame(0x00, "\xed\xa0") + frame(0x80, "\x80")), not_utf8());
  EXPECT_EQ(decode_all_ways(frame(0x01, "\xc3") + frame(0x80, "")), not_utf8());  // ends inside of a character
  EXPECT_EQ(decode_all_ways(frame(0x82, "\xff\xfe")), good({"b:\xff\xfe"}));      // binary is free
}

TEST(WsFrame, LimitsAreJudgedByTheHeader) {
  WsDecoder::Limits limits;
  limits.max_frame_size = 10;
  limits.max_message_size = 15;
  const auto client = WsDecoder::Role::client;
  const Outcome too_big = bad(1009, CloseReason::message_too_big);
  EXPECT_EQ(decode_all_ways(frame(0x82, "0123456789"), client, limits), good({"b:0123456789"}));
  EXPECT_EQ(decode_all_ways({0x82, 11}, client, limits), too_big);
  EXPECT_EQ(decode_all_ways(frame(0x02, "0123456789") + Octets{0x00, 6}, client, limits), too_big);
  EXPECT_EQ(decode_all_ways(frame(0x02, "0123456789") + frame(0x80, "01234"), client, limits),
            good({"b:012345678901234"}));
  EXPECT_EQ(decode_all_ways({0x82, 0x7f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, client, limits), too_big);
  limits.max_frame_size = 0;
  EXPECT_EQ(decode_all_ways({0x82, 0x7f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, client, limits), too_big);
  EXPECT_EQ(
      decode_all_ways(frame(0x02, "0123456789") + Octets{0x80, 0x7f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
                      client, limits),
      too_big);
  limits = {1, 1, true};  // control frames are not measured by them
  EXPECT_EQ(decode_all_ways(frame(0x89, "0123456789"), client, limits), good({"ping:0123456789"}));
}

TEST(WsFrame, LimitsCanGrowBetweenFrames) {
  WsDecoder decoder(WsDecoder::Role::client, {4, 4, true});
  Recorder recorder;
  Octets small = frame(0x82, "1234"), large = frame(0x82, "12345678");
  EXPECT_TRUE(decoder.feed(small, recorder));
  decoder.set_limits({8, 8, true});
  EXPECT_TRUE(decoder.feed(large, recorder));
  EXPECT_EQ(recorder.events.size(), 2u);
}

TEST(WsFrame, AWholeMessageIsNotCopied) {
  struct Where : Recorder {
    const std::uint8_t* at = nullptr;
    void on_message(bool, MutableByteSpan message) override { at = message.data(); }
  } where;
  WsDecoder decoder(WsDecoder::Role::server, {});
  Octets octets = frame(0x81, "in place", "abcd");
  EXPECT_TRUE(decoder.feed(octets, where));
  EXPECT_EQ(where.at, octets.data() + 6);
  // Also when the header came before.
  octets = frame(0x81, "in place", "abcd");
  EXPECT_TRUE(decoder.feed(MutableByteSpan(octets).first(6), where));
  EXPECT_TRUE(decoder.feed(MutableByteSpan(octets).subspan(6), where));
  EXPECT_EQ(where.at, octets.data() + 6);
}

TEST(WsFrame, NothingIsDecodedAfterStop) {
  for (std::size_t step : {1, 3, 100}) {
    const Octets octets = frame(0x01, "a") + frame(0x80, "b") + frame(0x81, "c") + frame(0xff, "d");
    WsDecoder decoder(WsDecoder::Role::client, {});
    Recorder recorder;
    recorder.stop_at_message = &decoder;
    for (std::size_t at = 0; at < octets.size(); at += step) {
      Octets piece(octets.begin() + static_cast<long>(at),
                   octets.begin() + static_cast<long>(std::min(at + step, octets.size())));
      EXPECT_TRUE(decoder.feed(piece, recorder));
    }
    EXPECT_EQ(recorder.events, std::vector<std::string>{"t:ab"});
  }
}

TEST(WsFrame, EmptyFragmentsCostNoMemory) {
  WsDecoder decoder(WsDecoder::Role::client, {});
  Recorder recorder;
  Octets start = frame(0x01, ""), next = frame(0x00, ""), last = frame(0x80, "");
  EXPECT_TRUE(decoder.feed(start, recorder));
  for (int i = 0; i < 100000; ++i) EXPECT_TRUE(decoder.feed(next, recorder));
  EXPECT_EQ(decoder.buffered(), 0u);
  EXPECT_TRUE(decoder.feed(last, recorder));
  EXPECT_EQ(recorder.events, std::vector<std::string>{"t:"});
}

TEST(WsFrame, TheDecoderIsSmall) { EXPECT_LE(sizeof(WsDecoder), 96u); }

TEST(WsFrame, Headers) {
  std::uint8_t out[10];
  EXPECT_EQ(ws_write_header(out, WsOpcode::text, 125), 2u);
  EXPECT_EQ(Octets(out, out + 2), (Octets{0x81, 125}));
  EXPECT_EQ(ws_write_header(out, WsOpcode::binary, 126, false), 4u);
  EXPECT_EQ(Octets(out, out + 4), (Octets{0x02, 126, 0, 126}));
  EXPECT_EQ(ws_write_header(out, WsOpcode::binary, 65535), 4u);
  EXPECT_EQ(ws_write_header(out, WsOpcode::binary, 65536), 10u);
  EXPECT_EQ(Octets(out, out + 10), (Octets{0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0}));
}

TEST(WsFrame, CloseFramesAreCutAtACharacter) {
  std::string reason(122, 'x');
  reason += "\xc3\xbc and more";
  const FramePtr cut = ws_close_frame(1001, reason);
  EXPECT_EQ(as_text(cut->bytes()).substr(4), std::string(122, 'x'));
  EXPECT_EQ(cut->bytes()[1], 124);
  EXPECT_EQ(ws_close_frame(ws_close::no_status, "ignored")->size(), 2u);
  EXPECT_EQ(ws_close_frame(1000, "\xff")->size(), 4u);
  const FramePtr whole = ws_close_frame(1000, "bye");
  EXPECT_EQ(decode_all_ways(Octets(whole->bytes().begin(), whole->bytes().end())), good({"close:1000:bye"}));
}

TEST(WsFrame, MaskedFramesOfAClient) {
  Buffer out;
  ws_append_masked(out, WsOpcode::text, as_bytes("Hello"), 0x37fa213d);
  EXPECT_EQ(Octets(out.view().begin(), out.view().end()),
            (Octets{0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}));
  ws_append_masked(out, WsOpcode::binary, as_bytes(std::string(300, 'z')), 0x01020304);
  EXPECT_EQ(decode_all_ways(Octets(out.view().begin(), out.view().end()), WsDecoder::Role::server),
            good({"t:Hello", "b:" + std::string(300, 'z')}));
}

TEST(WsFrame, UnmaskAtEveryPhaseAndLength) {
  const std::uint8_t key[4] = {0x9a, 0x01, 0x7c, 0xe5};
  for (std::size_t phase = 0; phase < 8; ++phase) {
    for (std::size_t size = 0; size < 80; ++size) {
      Octets octets(size), expected(size);
      for (std::size_t i = 0; i < size; ++i) {
        octets[i] = static_cast<std::uint8_t>(i * 7);
        expected[i] = octets[i] ^ key[(phase + i) % 4];
      }
      ws_unmask(octets, key, phase);
      ASSERT_EQ(octets, expected) << phase << ' ' << size;
    }
  }
}

}  // namespace
}  // namespace transom::wire
