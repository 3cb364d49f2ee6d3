#include "wire/http1_parser.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace transom::wire {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equal_any_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool starts_with_any_case(std::string_view text, std::string_view start) {
  return equal_any_case(text.substr(0, start.size()), start);
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The last element of a comma-separated list.
std::string_view last_element(std::string_view list) { return trim(list.substr(list.rfind(',') + 1)); }

/// The characters of a host with port (RFC 3986), without those that only split or quote URLs.
bool is_host(std::string_view text) {
  constexpr std::string_view kOthers = "-._~:[]%!$&'()*+;=";
  return std::all_of(text.begin(), text.end(), [&](char c) {
    const char small = lower(c);
    return (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') || kOthers.find(c) != std::string_view::npos;
  });
}

/// Length of "http://" or "https://" at the start of an absolute-form target, else 0.
std::size_t absolute_prefix(std::string_view target) {
  if (starts_with_any_case(target, "http://")) return 7;
  return starts_with_any_case(target, "https://") ? 8 : 0;
}

}  // namespace

/// What llhttp calls. They only collect: the guard has counted every octet before, and the checks come at the end.
struct Http1Parser::Callbacks {
  static Http1Parser& self(llhttp_t* parser) { return *static_cast<Http1Parser*>(parser->data); }

  static int url(llhttp_t* parser, const char* at, std::size_t length) {
    self(parser).request_.target.append(at, length);
    return 0;
  }
  static int field(llhttp_t* parser, const char* at, std::size_t length) {
    Http1Parser& own = self(parser);
    if (!own.name_open_) own.request_.headers.emplace_back();
    own.name_open_ = true;
    std::string& name = own.request_.headers.back().first;
    std::transform(at, at + length, std::back_inserter(name), lower);
    return 0;
  }
  static int field_complete(llhttp_t* parser) {
    self(parser).name_open_ = false;
    return 0;
  }
  static int value(llhttp_t* parser, const char* at, std::size_t length) {
    self(parser).request_.headers.back().second.append(at, length);
    return 0;
  }
  static int headers_complete(llhttp_t* parser) {
    self(parser).collect_flags();
    return 1;  // llhttp sees no body: it is framed here
  }
  static int message_complete(llhttp_t*) { return HPE_PAUSED; }

  static const llhttp_settings_t* settings() {
    static const llhttp_settings_t kSettings = [] {
      llhttp_settings_t made;
      llhttp_settings_init(&made);
      made.on_url = url;
      made.on_header_field = field;
      made.on_header_field_complete = field_complete;
      made.on_header_value = value;
      made.on_headers_complete = headers_complete;
      made.on_message_complete = message_complete;
      return made;
    }();
    return &kSettings;
  }
};

Http1Parser::Http1Parser(Http1Limits limits)
    : limits_(limits), guard_({limits.max_head, limits.max_target, limits.max_fields}) {
  reset();
}

void Http1Parser::reset() {
  llhttp_init(&parser_, HTTP_REQUEST, Callbacks::settings());
  parser_.data = this;
  guard_.reset();
  chunks_.reset();
  std::exchange(request_, Http1Request());  // the old one takes its memory with it
  std::exchange(error_text_, std::string());
  body_left_ = 0;
  state_ = State::need_more;
  head_complete_ = expects_continue_ = chunked_ = name_open_ = false;
  error_status_ = 0;
}

bool Http1Parser::fail(int status, std::string_view text) {
  state_ = State::failed;
  error_status_ = status;
  error_text_ = text;
  expects_continue_ = false;
  return false;
}

Http1Parser::State Http1Parser::feed(ByteSpan octets, std::size_t& consumed) {
  consumed = 0;
  if (state_ == State::need_more && !head_complete_) feed_head(octets, consumed);
  if (state_ == State::need_more && head_complete_) feed_body(octets.subspan(consumed), consumed);
  return state_;
}

/// llhttp gets what the guard has found good, also before a fault of the guard: so the first fault in the stream is the
/// one reported, however the stream was cut.
void Http1Parser::feed_head(ByteSpan octets, std::size_t& consumed) {
  const auto verdict = guard_.scan(octets, consumed);
  if (consumed > 0) {
    const llhttp_errno_t code = llhttp_execute(&parser_, as_text(octets).data(), consumed);
    if (code != HPE_OK && code != HPE_PAUSED) return refuse_by_llhttp(code);
    // Both readers must agree about where the head ends, or one request could hide in another.
    const bool ended = code == HPE_PAUSED && llhttp_get_error_pos(&parser_) == as_text(octets).data() + consumed;
    if (ended != (verdict == Http1Guard::Verdict::end)) {
      const bool preface = parser_.method == HTTP_PRI;
      fail(preface ? 505 : 400, preface ? "an HTTP/2 preface: this port speaks HTTP/1.1" : "the head is malformed");
      return;
    }
  }
  if (verdict == Http1Guard::Verdict::bad) {
    fail(guard_.status(), guard_.text());
  } else if (verdict == Http1Guard::Verdict::end) {
    trim_fields();
    head_complete_ = check_head();
  }
}

void Http1Parser::refuse_by_llhttp(llhttp_errno_t code) {
  const std::string_view reason = llhttp_get_error_reason(&parser_) == nullptr ? "" : llhttp_get_error_reason(&parser_);
  switch (code) {
    case HPE_PAUSED_H2_UPGRADE:
      fail(505, "an HTTP/2 preface: this port speaks HTTP/1.1");
      return;
    case HPE_INVALID_METHOD:
      fail(501, "an unknown method");
      return;
    case HPE_INVALID_VERSION: {
      const bool known = parser_.http_major == 1 && parser_.http_minor <= 1;
      fail(known ? 400 : 505, known ? "the HTTP version is malformed" : "this port speaks HTTP/1.1");
      return;
    }
    case HPE_INVALID_CONSTANT: {
      const bool other_protocol = parser_.method > HTTP_SOURCE;
      fail(other_protocol ? 501 : 400, other_protocol ? "an unknown method" : "the HTTP version is malformed");
      return;
    }
    default:
      break;
  }
  const bool too_long = code == HPE_INVALID_CONTENT_LENGTH && reason == "Content-Length overflow";
  fail(too_long ? 413 : 400, too_long ? "the body is too long" : reason);
}

/// Takes over what llhttp forgets when the message ends.
void Http1Parser::collect_flags() {
  request_.method = llhttp_method_name(static_cast<llhttp_method_t>(parser_.method));
  request_.major = parser_.http_major;
  request_.minor = parser_.http_minor;
  request_.keep_alive = llhttp_should_keep_alive(&parser_) != 0;
  request_.upgrade = (parser_.flags & F_UPGRADE) != 0 && (parser_.flags & F_CONNECTION_UPGRADE) != 0;
  body_left_ = (parser_.flags & F_CONTENT_LENGTH) != 0 ? parser_.content_length : 0;
}

void Http1Parser::trim_fields() {
  for (auto& field : request_.headers) {
    const std::string_view value = trim(field.second);
    if (value.size() != field.second.size()) field.second = std::string(value);
  }
}

bool Http1Parser::check_head() {
  if (!check_request_line() || !check_fields()) return false;
  return body_left_ <= limits_.max_body || fail(413, "the body is too long");
}

bool Http1Parser::check_request_line() {
  if (request_.major != 1 || request_.minor > 1) return fail(505, "this port speaks HTTP/1.1");
  if (parser_.method == HTTP_CONNECT) return fail(501, "CONNECT: this server is no proxy");
  const std::string_view target = request_.target;
  if (target.empty()) return fail(400, "the request target is empty");
  const bool known_form =
      target.front() == '/' || absolute_prefix(target) > 0 || (target == "*" && parser_.method == HTTP_OPTIONS);
  return known_form || fail(400, "the request target must start with '/'");
}

bool Http1Parser::check_fields() {
  int hosts = 0, codings = 0, lengths = 0, expects = 0;
  std::string_view coding, expect;
  for (const auto& [name, value] : request_.headers) {
    if (name == "host") ++hosts;
    if (name == "content-length") ++lengths;
    if (name == "transfer-encoding") {
      ++codings;
      coding = value;
    }
    if (name == "expect") {
      ++expects;
      expect = value;
    }
  }
  if (lengths > 0 && codings > 0) return fail(400, "Content-Length and Transfer-Encoding in one request");
  if (codings > 0 && !check_transfer_coding(codings, coding)) return false;
  if (!check_host(hosts)) return false;
  if (expects > 1) return fail(417, "there is more than one Expect field");
  return expects == 0 || check_expect(expect);
}

/// The authority of an absolute-form target takes the place of the Host field (RFC 9112 section 3.2.2), so that whoever
/// checks Host checks what the client meant.
bool Http1Parser::check_host(int hosts) {
  if (hosts > 1) return fail(400, "there is more than one Host field");
  if (hosts == 0 && request_.minor == 1) return fail(400, "the Host field is missing");
  const std::string_view target = request_.target;
  const std::size_t prefix = absolute_prefix(target);
  std::string_view authority;
  if (prefix > 0) {
    authority = target.substr(prefix, target.find_first_of("/?#", prefix) - prefix);
    if (authority.empty() || !is_host(authority)) return fail(400, "the request target has no proper host");
    if (hosts == 0) request_.headers.emplace_back("host", "");
  }
  for (auto& [name, value] : request_.headers) {
    if (name != "host") continue;
    if (!is_host(value)) return fail(400, "the Host field is malformed");
    if (prefix > 0) value = authority;
  }
  return true;
}

bool Http1Parser::check_transfer_coding(int fields, std::string_view value) {
  if (request_.minor == 0) return fail(400, "Transfer-Encoding in an HTTP/1.0 request");
  if (fields > 1) return fail(400, "there is more than one Transfer-Encoding field");
  chunked_ = equal_any_case(value, "chunked");
  if (chunked_) return true;
  if (!equal_any_case(last_element(value), "chunked")) return fail(400, "Transfer-Encoding must end in 'chunked'");
  return fail(501, "a transfer coding other than 'chunked'");
}

bool Http1Parser::check_expect(std::string_view value) {
  if (!equal_any_case(value, "100-continue")) return fail(417, "an expectation other than '100-continue'");
  expects_continue_ = request_.minor == 1 && (chunked_ || body_left_ > 0);  // HTTP/1.0 knows no 100
  return true;
}

void Http1Parser::feed_body(ByteSpan octets, std::size_t& consumed) {
  if (!octets.empty()) expects_continue_ = false;  // it did not wait
  if (chunked_) {
    std::size_t taken = 0;
    const auto state = chunks_.feed(octets, taken, request_.body, limits_.max_body, guard_);
    consumed += taken;
    if (state == Http1Chunks::State::complete) state_ = State::complete;
    if (state == Http1Chunks::State::failed) fail(chunks_.status(), chunks_.text());
    return;
  }
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, octets.size()));
  request_.body.append(as_text(octets.first(count)));
  consumed += count;
  body_left_ -= count;
  if (body_left_ == 0) state_ = State::complete;
}

}  // namespace transom::wire
