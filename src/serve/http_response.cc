#include "serve/http_response.h"

#include <arpa/inet.h>

#include <algorithm>
#include <iterator>

namespace transom::serve {
namespace {

void append_field(std::string& out, std::string_view name, std::string_view value) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  out.append(name).append(": ");
  if (std::none_of(value.begin(), value.end(), is_control))
    out.append(value);
  else
    std::remove_copy_if(value.begin(), value.end(), std::back_inserter(out), is_control);
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

std::string fields_text(const std::vector<Header>& headers) {
  std::string out;
  for (const auto& [name, value] : headers) append_field(out, name, value);
  return out;
}

std::string response_head(int status, std::string_view fields, const ResponseFrame& frame) {
  std::string out;
  out.reserve(fields.size() + 256);
  out.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(status_text(status)).append("\r\n");
  append_field(out, "Date", frame.date);
  out.append(fields);
  if (!frame.hsts.empty()) append_field(out, "Strict-Transport-Security", frame.hsts);
  if (frame.content_length) append_field(out, "Content-Length", std::to_string(*frame.content_length));
  if (!frame.keep_alive) append_field(out, "Connection", "close");
  if (frame.keep_alive && frame.http_1_0) append_field(out, "Connection", "keep-alive");
  out.append("\r\n");
  return out;
}

std::string hsts_value(const WebOptions& options, bool secure, std::string_view host) {
  if (!options.hsts || !secure) return {};
  const std::string name(host_name(host));
  if (name.empty() || is_ip_address(name) || is_localhost(name)) return {};
  return fmt::format("max-age={}", options.hsts_max_age_s);
}

}  // namespace transom::serve
