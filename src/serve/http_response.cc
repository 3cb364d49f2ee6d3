#include "serve/http_response.h"

#include <arpa/inet.h>

namespace transom::serve {
namespace {

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  for (const char c : value)
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) out.push_back(c);
  out.append("\r\n");
}

/// A Host field without its port and brackets.
std::string_view host_name(std::string_view host) {
  if (!host.empty() && host.front() == '[') return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

bool is_ip_address(const std::string& name) {
  in6_addr octets{};
  return inet_pton(AF_INET, name.c_str(), &octets) == 1 || inet_pton(AF_INET6, name.c_str(), &octets) == 1;
}

bool is_localhost(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  if (!name.empty() && name.back() == '.') name.pop_back();
  return name == "localhost" || (name.size() > 10 && name.ends_with(".localhost"));
}

}  // namespace

std::string response_head(int status, const std::vector<Header>& headers, const ResponseFrame& frame) {
  std::string out = fmt::format("HTTP/1.1 {} {}\r\n", status, status_text(status));
  append_field(out, "Date", frame.date);
  for (const auto& [name, value] : headers) append_field(out, name, value);
  if (frame.content_length) append_field(out, "Content-Length", std::to_string(*frame.content_length));
  if (!frame.keep_alive) append_field(out, "Connection", "close");
  if (frame.keep_alive && frame.http_1_0) append_field(out, "Connection", "keep-alive");
  out.append("\r\n");
  return out;
}

std::string hsts_value(const WebOptions& options, bool secure, std::string_view host) {
  const std::string name(host_name(host));
  if (!options.hsts || !secure || name.empty() || is_ip_address(name) || is_localhost(name)) return {};
  return fmt::format("max-age={}", options.hsts_max_age_s);
}

}  // namespace transom::serve
