// HTTP/1.1 requests (RFC 9112) as a pure byte machine over llhttp in strict mode, no lenient flag set.
//
// A head passes two readers: Http1Guard counts and checks its octets, llhttp understands them. The body is framed by
// Content-Length or by Http1Chunks.
#pragma once
#include <llhttp.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "wire/http1_chunks.h"
#include "wire/http1_guard.h"
#include "wire/ws_handshake.h"

namespace transom::wire {

struct Http1Limits {
  std::size_t max_head = 16 * 1024;    // octets of request line and fields
  std::size_t max_target = 8 * 1024;   // octets; beyond: 414
  std::size_t max_fields = 100;        // beyond: 431
  std::size_t max_body = 1024 * 1024;  // octets after chunk decoding; beyond: 413
};

/// One request.
struct Http1Request {
  std::string method, target;
  int major = 1, minor = 1;
  HeaderList headers;  // names lower-case, values trimmed; `host` is that of an absolute-form target where there is one
  std::string body;
  bool keep_alive = true;
  bool upgrade = false;  // Upgrade and Connection: upgrade present; the rest of the stream is not HTTP if accepted
};

/// Parses requests of one connection one after the other (pipelining: feed again after `reset`). Owns no memory while
/// it is idle. It stays where it was made, since llhttp keeps pointers to it.
class Http1Parser {
 public:
  enum class State { need_more, complete, failed };

  explicit Http1Parser(Http1Limits limits);
  Http1Parser(const Http1Parser&) = delete;
  Http1Parser& operator=(const Http1Parser&) = delete;
  /// Takes octets up to the end of one request; `consumed` says how many. On failed: see `error_status` and
  /// `error_text`.
  State feed(ByteSpan octets, std::size_t& consumed);
  /// After `complete`: ready for the next request.
  void reset();

  Http1Request& request() { return request_; }
  bool started() const { return guard_.octets() > 0; }  // something of a request has come
  bool head_complete() const { return head_complete_; }
  /// True once the head is complete and the client sent `Expect: 100-continue` and waits for the body.
  bool expects_continue() const { return expects_continue_; }
  int error_status() const { return error_status_; }  // 400, 413, 414, 417, 431, 501 or 505
  const std::string& error_text() const { return error_text_; }
  /// What llhttp was told to be lenient about: nothing, ever.
  unsigned lenient_flags() const { return parser_.lenient_flags; }

 private:
  struct Callbacks;

  void feed_head(ByteSpan octets, std::size_t& consumed);
  void feed_body(ByteSpan octets, std::size_t& consumed);
  bool check_head();
  bool check_request_line();
  bool check_fields();
  bool check_host(int hosts);
  bool check_transfer_coding(int fields, std::string_view value);
  bool check_expect(std::string_view value);
  void refuse_by_llhttp(llhttp_errno_t code);
  void collect_flags();
  void trim_fields();
  bool fail(int status, std::string_view text);

  Http1Limits limits_;
  llhttp_t parser_;
  Http1Guard guard_;
  Http1Chunks chunks_;
  Http1Request request_;
  std::uint64_t body_left_ = 0;  // by Content-Length
  State state_ = State::need_more;
  bool head_complete_ = false, expects_continue_ = false, chunked_ = false, name_open_ = false;
  int error_status_ = 0;
  std::string error_text_;
};

}  // namespace transom::wire
