// HTTP/1.1 requests (RFC 9112) as a pure byte machine over llhttp in strict mode, no lenient flag set.
#pragma once
#include <llhttp.h>

#include <cstdint>
#include <string>

#include "base/bytes.h"
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
  HeaderList headers;  // names lower-case, values trimmed
  std::string body;
  bool keep_alive = true;
  bool upgrade = false;  // Upgrade and Connection: upgrade present; the rest of the stream is not HTTP if accepted
};

/// Parses requests of one connection one after the other (pipelining: feed again after `reset`).
class Http1Parser {
 public:
  enum class State { need_more, complete, failed };

  explicit Http1Parser(Http1Limits limits);
  /// Takes octets up to the end of one request; `consumed` says how many. On failed: `error_status` and `error_text`.
  State feed(ByteSpan octets, std::size_t& consumed);
  /// After `complete`: ready for the next request.
  void reset();

  Http1Request& request() { return request_; }
  bool started() const { return head_octets_ > 0; }  // something of a request has come
  bool head_complete() const { return head_complete_; }
  /// True once the head is complete and the client sent `Expect: 100-continue` and waits for the body.
  bool expects_continue() const { return expects_continue_; }
  int error_status() const { return error_status_; }  // 400, 413, 414, 417, 431, 501, 505
  const std::string& error_text() const { return error_text_; }

 private:
  Http1Limits limits_;
  llhttp_t parser_;
  Http1Request request_;
  std::size_t head_octets_ = 0;
  bool head_complete_ = false, expects_continue_ = false;
  int error_status_ = 0;
  std::string error_text_;
};

}  // namespace transom::wire
