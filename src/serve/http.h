// HTTP/1.1 as the path services see it: a request, and an exchange to answer it on.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/close_reason.h"
#include "serve/unique_fd.h"

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
  bool is_get_or_head() const { return method == "GET" || method == "HEAD"; }
};

/// A part of an open file to be sent as body.
struct FileRange {
  UniqueFd fd;
  std::uint64_t offset = 0, length = 0;
};

/// A 200 with all its octets, ready for many requests.
struct PreparedAnswer {
  std::string fields;  // lines of the service's own, as `fields_text` makes them
  std::string body;
};

/// Answers one request. A service calls exactly one of the functions, now or later on the same core; when the client
/// leaves first, the exchange goes on as an object and its answer is dropped; when the last reference goes without an
/// answer, the client gets a 500. HEAD, Content-Length, Date, Connection,
/// HSTS and the access log are the HTTP layer's affair; a service gives status, own headers and body.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;
  virtual const HttpRequest& request() const = 0;
  virtual void respond(int status, std::vector<Header> headers, std::string body) = 0;
  virtual void respond_prepared(const PreparedAnswer& answer) = 0;
  /// Streams the file part as body in bounded pieces, reading off the loop; never holds it whole.
  virtual void respond_file(int status, std::vector<Header> headers, FileRange file) = 0;
  /// Runs `work` off the loop, then `done` on this core. `work` must not own the exchange: it would be destroyed on
  /// another thread; let `done` own it.
  virtual void offload(std::function<void()> work, std::function<void()> done) = 0;
};

/// The service of a path. One object per path, shared by all cores and immutable: `handle` is called on many threads.
class WebService {
 public:
  virtual ~WebService() = default;
  /// `rest` is the part of the decoded path behind the service's own path, without leading '/'.
  virtual void handle(std::shared_ptr<HttpExchange> exchange, std::string_view rest) = 0;
};

/// "Not Found" for 404; "Unknown" for a status without a name.
std::string_view status_text(int status);
/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7).
std::string http_date(std::int64_t unix_seconds);
/// Reads that form only; nothing for the two obsolete ones, which only make a condition not hold.
std::optional<std::int64_t> parse_http_date(std::string_view text);

/// A small self-contained HTML page; `body_html` is inserted as it is, `title` is escaped.
std::string html_page(std::string_view title, std::string_view body_html);
/// The fields of such a page: type, no sniffing, no referrer, a policy that loads nothing.
std::vector<Header> html_page_headers();
/// Answers with a page that says the status and `text` and nothing about the server.
void respond_error(HttpExchange& exchange, int status, std::string_view text, std::vector<Header> extra = {});
/// The 404 of a path that names nothing.
void respond_not_found(HttpExchange& exchange);
/// The 405 of a service that only reads.
void respond_get_only(HttpExchange& exchange);

}  // namespace transom::serve
