#include "wire/http1_chunks.h"

#include <algorithm>

namespace transom::wire {
namespace {

constexpr int kMaxDigits = 16;  // as many as 64 bits need; more could only be leading zeros

int hex_value(std::uint8_t octet) {
  if (octet >= '0' && octet <= '9') return octet - '0';
  const int small = octet | 0x20;
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

}  // namespace

bool Http1Chunks::refuse(int status, const char* text) {
  status_ = status;
  text_ = text;
  return false;
}

Http1Chunks::State Http1Chunks::feed(ByteSpan octets, std::size_t& taken, std::string& body, std::size_t max_body,
                                     Http1Guard& guard) {
  taken = 0;
  while (taken < octets.size()) {
    if (at_ == At::trailers) return feed_trailers(octets, taken, guard);
    if (at_ == At::data) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, octets.size() - taken));
      body.append(as_text(octets.subspan(taken, count)));
      taken += count;
      left_ -= count;
      if (left_ == 0) at_ = At::data_cr;
      continue;
    }
    if (!step(octets[taken], max_body - body.size(), guard)) return State::failed;
    ++taken;
  }
  return State::need_more;
}

Http1Chunks::State Http1Chunks::feed_trailers(ByteSpan octets, std::size_t& taken, Http1Guard& guard) {
  std::size_t good = 0;
  const auto verdict = guard.scan(octets.subspan(taken), good);
  taken += good;
  if (verdict == Http1Guard::Verdict::more) return State::need_more;
  if (verdict == Http1Guard::Verdict::end) return State::complete;
  refuse(guard.status(), guard.text());
  return State::failed;
}

bool Http1Chunks::step(std::uint8_t octet, std::size_t room, Http1Guard& guard) {
  switch (at_) {
    case At::size_start:
      left_ = 0;
      digits_ = 0;
      at_ = At::size;
      if (hex_value(octet) < 0) return refuse(400, "a chunk does not start with its size");
      return take_size(octet, room);
    case At::size:
      return take_size(octet, room);
    case At::extension:
      return take_extension(octet, guard);
    case At::size_lf:
      if (octet != '\n') return refuse(400, "a CR without LF behind a chunk size");
      at_ = left_ > 0 ? At::data : At::trailers;
      if (left_ == 0) guard.start_trailers();
      return true;
    case At::data_cr:
      at_ = At::data_lf;
      return octet == '\r' || refuse(400, "a chunk is longer than its size says");
    case At::data_lf:
      at_ = At::size_start;
      return octet == '\n' || refuse(400, "a CR without LF behind a chunk");
    case At::data:
    case At::trailers:
      break;
  }
  return refuse(400, "the chunked body is malformed");
}

bool Http1Chunks::take_size(std::uint8_t octet, std::size_t room) {
  const int value = hex_value(octet);
  if (value >= 0) {
    if (++digits_ > kMaxDigits) return refuse(400, "a chunk size of more than 16 digits");
    left_ = left_ << 4 | static_cast<std::uint64_t>(value);
    return left_ <= room || refuse(413, "the body is too long");
  }
  if (octet != '\r' && octet != ';') return refuse(400, "a chunk size has a character that is no digit");
  at_ = octet == '\r' ? At::size_lf : At::extension;
  return true;
}

bool Http1Chunks::take_extension(std::uint8_t octet, Http1Guard& guard) {
  if (octet == '\r') {
    at_ = At::size_lf;
    return true;
  }
  if (octet == '\n') return refuse(400, "a chunk size ends in LF without CR");
  if ((octet < 0x20 && octet != '\t') || octet == 0x7f) return refuse(400, "a control character in a chunk extension");
  return guard.count_extra() || refuse(guard.status(), guard.text());
}

}  // namespace transom::wire
