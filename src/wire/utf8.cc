#include "wire/utf8.h"

#include <simdjson.h>

#include <algorithm>

namespace transom::wire {
namespace {

// How many octets the sequence that starts with `lead` has; 0 when no sequence starts so.
int sequence_length(std::uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) return 3;
  return lead < 0xF5 ? 4 : 0;
}

// The second octet decides about overlong forms, surrogates and values over U+10FFFF.
bool is_second(std::uint8_t lead, std::uint8_t octet) {
  std::uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  std::uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  return octet >= low && octet <= high;
}

// Whether `octets`, the first `count` of a sequence of several octets, can still become a valid one.
bool is_open_sequence(const std::uint8_t* octets, std::size_t count) {
  if (sequence_length(octets[0]) <= static_cast<int>(count)) return false;
  if (count > 1 && !is_second(octets[0], octets[1])) return false;
  return count < 3 || (octets[2] & 0xC0) == 0x80;
}

// Octets at the end of `piece` that may belong to a sequence that goes on in the next piece (at most 3).
std::size_t open_tail(ByteSpan piece) {
  std::size_t most = std::min<std::size_t>(3, piece.size());
  for (std::size_t back = 1; back <= most; ++back) {
    std::uint8_t octet = piece[piece.size() - back];
    if ((octet & 0xC0) == 0x80) continue;
    return sequence_length(octet) > static_cast<int>(back) ? back : 0;
  }
  return 0;
}

// Most text is short and ASCII, for which the dispatch of simdjson costs more than the check.
bool is_short_ascii(ByteSpan octets) {
  if (octets.size() > 64) return false;
  std::uint64_t seen = 0, word = 0;
  std::size_t i = 0;
  for (; i + 8 <= octets.size(); i += 8) {
    std::memcpy(&word, octets.data() + i, 8);
    seen |= word;
  }
  for (; i < octets.size(); ++i) seen |= octets[i];
  return (seen & 0x8080808080808080U) == 0;
}

}  // namespace

bool is_utf8(ByteSpan octets) {
  return is_short_ascii(octets) || simdjson::validate_utf8(reinterpret_cast<const char*>(octets.data()), octets.size());
}

bool Utf8Stream::feed(ByteSpan piece) {
  while (pending_ > 0 && !piece.empty()) {  // first close the sequence the last piece left open
    octets_[pending_++] = piece[0];
    piece = piece.subspan(1);
    if (sequence_length(octets_[0]) == pending_) {
      if (!is_utf8({octets_, pending_})) return false;
      pending_ = 0;
    } else if (!is_open_sequence(octets_, pending_)) {
      return false;
    }
  }
  if (piece.empty()) return true;
  std::size_t tail = open_tail(piece);
  if (!is_utf8(piece.first(piece.size() - tail))) return false;
  if (tail == 0) return true;
  std::memcpy(octets_, piece.data() + piece.size() - tail, tail);
  pending_ = static_cast<std::uint8_t>(tail);
  return is_open_sequence(octets_, pending_);
}

}  // namespace transom::wire
