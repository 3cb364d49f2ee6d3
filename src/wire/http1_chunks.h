// A chunked body (RFC 9112 section 7.1).
//
//   body  = *chunk "0" *"0" [ ext ] CRLF trailers
//   chunk = 1*HEXDIG [ ext ] CRLF data CRLF
//   ext   = ";" anything without control characters, ignored
#pragma once
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "wire/http1_guard.h"

namespace transom::wire {

/// Appends the decoded octets to the body as they come. Extensions and trailers are ignored, but count into the limits
/// of the guard of the request.
class Http1Chunks {
 public:
  enum class State { need_more, complete, failed };

  /// `taken` says how many octets belong to this body.
  State feed(ByteSpan octets, std::size_t& taken, std::string& body, std::size_t max_body, Http1Guard& guard);
  void reset() { *this = Http1Chunks(); }

  int status() const { return status_; }
  const char* text() const { return text_; }

 private:
  enum class At : std::uint8_t { size_start, size, extension, size_lf, data, data_cr, data_lf, trailers };

  State feed_trailers(ByteSpan octets, std::size_t& taken, Http1Guard& guard);
  bool step(std::uint8_t octet, std::size_t room, Http1Guard& guard);
  bool take_size(std::uint8_t octet, std::size_t room);
  bool take_extension(std::uint8_t octet, Http1Guard& guard);
  bool refuse(int status, const char* text);

  std::uint64_t left_ = 0;  // size read so far, then octets of the chunk still to come
  const char* text_ = "";
  int status_ = 0;
  At at_ = At::size_start;
  std::uint8_t digits_ = 0;
};

}  // namespace transom::wire
