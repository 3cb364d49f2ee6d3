// The octets of an HTTP/1.1 head, read as strictly as RFC 9112 allows, ahead of llhttp.
//
//   head         = *CRLF request-line *field-line CRLF
//   request-line = method SP target SP "HTTP/" version CRLF
//   field-line   = name ":" value CRLF        name: tchar only, so no space before the colon; no line folding
//   trailers     = *field-line CRLF
#pragma once
#include <cstdint>

#include "base/bytes.h"

namespace transom::wire {

/// What llhttp 8.1 lets through although no lenient flag is set (a bare LF after the request line and at the end of the
/// head, folded lines, empty names, HTTP/0.9, other protocols' versions) is refused here, and every length is counted
/// before anything is stored. Works octet by octet, so that it does not matter how the network cuts the head.
class Http1Guard {
 public:
  struct Limits {
    std::size_t head, target, fields;
  };
  enum class Verdict { more, end, bad };

  explicit Http1Guard(Limits limits) : limits_(limits) {}

  /// `good` is how many octets are in order; all of them unless the verdict is `end` or `bad`.
  Verdict scan(ByteSpan octets, std::size_t& good);
  /// The next octets are the trailers of a chunked body; they count into the same limits.
  void start_trailers() { at_ = At::line_start; }
  /// Counts octets that are neither head nor body (chunk extensions). False: over the limit.
  bool count_extra();
  /// Ready for the next head.
  void reset();

  std::size_t octets() const { return octets_; }
  int status() const { return status_; }
  const char* text() const { return text_; }

 private:
  enum class At : std::uint8_t {
    before,      // empty lines before the request line
    before_lf,   // the LF of such a line
    method,      //
    target,      //
    version,     //
    line_lf,     // the LF behind the request line or a field line
    line_start,  // first octet of a field line or the CR of the empty line
    name,        //
    value,       //
    end_lf,      // the LF of the empty line
    finished,    //
  };

  std::size_t skip_value(ByteSpan octets);
  bool step(std::uint8_t octet);
  bool take_before(std::uint8_t octet);
  bool take_method(std::uint8_t octet);
  bool take_target(std::uint8_t octet);
  bool take_version(std::uint8_t octet);
  bool take_line_start(std::uint8_t octet);
  bool take_name(std::uint8_t octet);
  bool take_value(std::uint8_t octet);
  bool take_lf(std::uint8_t octet, At next);
  bool refuse(int status, const char* text);
  bool refuse_control(std::uint8_t octet);

  Limits limits_;
  std::size_t octets_ = 0, target_ = 0, fields_ = 0;
  const char* text_ = "";
  int status_ = 0;
  At at_ = At::before;
  std::uint8_t version_ = 0;  // octets of the version seen, up to those of "HTTP/"
};

}  // namespace transom::wire
