// Request targets, URLs, origins and escapes: what is accepted must keep what the headers promise.
#include <cstdlib>
#include <string>

#include "wire/origin.h"
#include "wire/url.h"
#include "wire/utf8.h"

namespace {

using namespace transom;

void require(bool condition) {
  if (!condition) std::abort();
}

/// No component of an accepted path leaves its directory, however it was written.
void check_path(const std::string& path) {
  require(!path.empty() && path.front() == '/' && wire::is_utf8(as_bytes(path)));
  require(path.find("//") == std::string::npos && path.find('\\') == std::string::npos);
  const std::string framed = path + "/";
  require(framed.find("/../") == std::string::npos && framed.find("/./") == std::string::npos);
  for (char c : path) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  const auto again = wire::parse_request_target(wire::percent_encode_path(path));
  require(again && again->path == path);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  if (const auto target = wire::parse_request_target(text)) check_path(target->path);
  if (const auto url = wire::parse_url(text)) {
    require(!url->host.empty() && url->port != 0 && url->path.front() == '/');
    const bool v6 = url->host.find(':') != std::string::npos;
    const std::string host = v6 ? "[" + url->host + "]" : url->host;
    const auto again = wire::parse_url(url->scheme + "://" + host + ":" + std::to_string(url->port) + url->path);
    require(again && again->host == url->host && again->port == url->port && again->path == url->path);
  }
  require(wire::percent_decode(wire::percent_encode_path(text)) == text);
  require(wire::html_escape(text).find_first_of("<>\"'") == std::string::npos);

  const std::size_t half = text.find('\n');
  const std::string_view origin = text.substr(0, half);
  const std::string pattern(half == std::string_view::npos ? "*://*.example.com:*" : text.substr(half + 1));
  wire::origin_allowed(origin, {pattern});
  if (wire::is_loopback_origin(origin)) require(wire::origin_allowed(origin, {"*://*"}));
  wire::is_loopback_host(origin);
  return 0;
}
