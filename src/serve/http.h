// HTTP/1.1 as the path services see it: a request, and an exchange to answer it on.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/close_reason.h"

namespace transom::serve {

using Header = std::pair<std::string, std::string>;

/// A complete request head with its body. Owned by the HTTP layer of one connection; valid until it is answered.
struct HttpRequest {
  std::string method;           // "GET"
  std::string target;           // as sent, origin-form
  std::string path;             // percent-decoded once, starts with '/', no NUL, no "..", no "." component
  std::string query;            // raw, without '?'
  std::vector<Header> headers;  // names lower-case, in order
  std::string body;
  bool secure = false;         // came over TLS
  bool wants_upgrade = false;  // Connection: upgrade with Upgrade: websocket
  std::string peer;            // "127.0.0.1:4711" or "unix"

  /// The value of the only field of that (lower-case) name; empty when absent. Several: the first.
  std::string_view header(std::string_view name) const;
  std::size_t header_count(std::string_view name) const;
};

/// A part of an open file to be sent as body. Closes the descriptor when destroyed.
struct FileRange {
  int fd = -1;
  std::uint64_t offset = 0, length = 0;
};

/// Answers one request. A service calls exactly one of the functions, now or later on the same core; when the client
/// leaves first, the exchange goes on as an object and its answer is dropped. HEAD, Content-Length, Date, Connection,
/// HSTS and the access log are the HTTP layer's affair; a service gives status, own headers and body.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;
  virtual const HttpRequest& request() const = 0;
  virtual void respond(int status, std::vector<Header> headers, std::string body) = 0;
  /// Streams the file part as body in bounded pieces, reading off the loop; never holds it whole.
  virtual void respond_file(int status, std::vector<Header> headers, FileRange file) = 0;
  /// Runs `work` off the loop, then `done` on this core (in order with this exchange).
  virtual void offload(std::function<void()> work, std::function<void()> done) = 0;
};

/// The service of a path. One object per core and path; called on that core only.
class WebService {
 public:
  virtual ~WebService() = default;
  /// `rest` is the part of the decoded path behind the service's own path, without leading '/'.
  virtual void handle(std::shared_ptr<HttpExchange> exchange, std::string_view rest) = 0;
};

}  // namespace transom::serve
