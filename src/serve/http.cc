#include "serve/http.h"

#include <ctime>

#include "serve/http_host.h"
#include "wire/url.h"

namespace transom::serve {
namespace {

constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

constexpr std::pair<int, std::string_view> kStatusTexts[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {304, "Not Modified"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {426, "Upgrade Required"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
};

constexpr std::string_view kPageStyle =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:4rem auto;padding:0 1.5rem;color:#1b2430;"
    "background:#fbfcfd}h1{font-size:1.5rem}a{color:#0b62c4}table{border-collapse:collapse}td,th{padding:.2rem 1.5rem "
    ".2rem 0;text-align:left}code{font-family:ui-monospace,monospace}"
    "@media(prefers-color-scheme:dark){body{color:#dde4ec;background:#12171d}a{color:#6db1ff}}";

int month_index(std::string_view name) {
  for (int month = 0; month < 12; ++month)
    if (name == kMonths[month]) return month;
  return -1;
}

/// The number of the digits at text[at, at + count); -1 when one is none.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

std::size_t HttpRequest::header_count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(headers.begin(), headers.end(), [name](const Header& field) { return field.first == name; }));
}

std::string_view status_text(int status) {
  for (const auto& [code, text] : kStatusTexts)
    if (code == status) return text;
  return "Unknown";
}

std::string http_date(std::int64_t unix_seconds) {
  const std::time_t time = static_cast<std::time_t>(unix_seconds);
  std::tm parts{};
  if (gmtime_r(&time, &parts) == nullptr) return "Thu, 01 Jan 1970 00:00:00 GMT";
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[parts.tm_wday], parts.tm_mday,
                     kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
  // Sun, 06 Nov 1994 08:49:37 GMT
  // 0    5  8   12   17 20 23 26
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT") return std::nullopt;
  if (text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':') return std::nullopt;
  const int day = digits(text, 5, 2), month = month_index(text.substr(8, 3)), year = digits(text, 12, 4);
  const int hour = digits(text, 17, 2), minute = digits(text, 20, 2), second = digits(text, 23, 2);
  if (day < 1 || day > 31 || month < 0 || year < 1970 || hour < 0 || hour > 23) return std::nullopt;
  if (minute < 0 || minute > 59 || second < 0 || second > 60) return std::nullopt;
  std::tm parts{};
  parts.tm_mday = day;
  parts.tm_mon = month;
  parts.tm_year = year - 1900;
  parts.tm_hour = hour;
  parts.tm_min = minute;
  parts.tm_sec = second;
  return static_cast<std::int64_t>(timegm(&parts));
}

const std::string& HttpHost::date_field() {
  const std::int64_t now = unix_seconds();
  if (now != date_second_) {
    date_second_ = now;
    date_ = http_date(now);
  }
  return date_;
}

std::string html_page(std::string_view title, std::string_view body_html) {
  const std::string safe_title = wire::html_escape(title);
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>{}</title><style>{}</style></head>\n<body><h1>{}</h1>\n{}\n</body></"
      "html>\n",
      safe_title, kPageStyle, safe_title, body_html);
}

std::vector<Header> html_page_headers() {
  return {{"Content-Type", "text/html; charset=utf-8"},
          {"X-Content-Type-Options", "nosniff"},
          {"Referrer-Policy", "no-referrer"},
          {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}};
}

void respond_error(HttpExchange& exchange, int status, std::string_view text, std::vector<Header> extra) {
  std::vector<Header> headers = html_page_headers();
  headers.insert(headers.end(), std::make_move_iterator(extra.begin()), std::make_move_iterator(extra.end()));
  const std::string title = fmt::format("{} {}", status, status_text(status));
  exchange.respond(status, std::move(headers), html_page(title, "<p>" + wire::html_escape(text) + "</p>"));
}

void respond_not_found(HttpExchange& exchange) { respond_error(exchange, 404, "There is nothing at this address."); }

void respond_get_only(HttpExchange& exchange) {
  respond_error(exchange, 405, "This address answers GET and HEAD only.", {{"Allow", "GET, HEAD"}});
}

}  // namespace transom::serve
