#include "serve/web/welcome_service.h"

#include <openssl/sha.h>

#include "wire/base64.h"

namespace transom::serve {
namespace {

/// The content of the page's only `tag` element.
std::string_view element(std::string_view html, std::string_view tag) {
  const std::string open = fmt::format("<{}>", tag), close = fmt::format("</{}>", tag);
  const auto begin = html.find(open);
  const auto end = html.find(close);
  if (begin == std::string_view::npos || end == std::string_view::npos) return {};
  return html.substr(begin + open.size(), end - begin - open.size());
}

std::string hash_source(std::string_view content) {
  std::uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(as_bytes(content).data(), content.size(), digest);
  return fmt::format("'sha256-{}'", wire::base64_encode(digest));
}

/// A Host field that may stand in a policy: nothing that could end the directive.
bool is_plain_host(std::string_view host) {
  return !host.empty() && host.size() < 256 &&
         host.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]") ==
             std::string_view::npos;
}

}  // namespace

WelcomeService::WelcomeService()
    : policy_(fmt::format("default-src 'none'; script-src {}; style-src {}; img-src data:; base-uri 'none'; "
                          "form-action 'none'; frame-ancestors 'none'; connect-src 'self'",
                          hash_source(element(kWelcomeHtml, "script")), hash_source(element(kWelcomeHtml, "style")))) {}

void WelcomeService::handle(std::shared_ptr<HttpExchange> exchange, std::string_view rest) {
  const HttpRequest& request = exchange->request();
  if (!rest.empty()) return respond_not_found(*exchange);
  if (!request.is_get_or_head()) return respond_get_only(*exchange);
  std::string policy = policy_;
  // Not every browser takes 'self' for the WebSocket scheme of the same host.
  const std::string_view host = request.header("host");
  if (is_plain_host(host)) policy += fmt::format(" {}://{}", request.secure ? "wss" : "ws", host);
  exchange->respond(200,
                    {{"Content-Type", "text/html; charset=utf-8"},
                     {"Content-Security-Policy", std::move(policy)},
                     {"X-Content-Type-Options", "nosniff"},
                     {"Referrer-Policy", "no-referrer"},
                     {"Cache-Control", "no-cache"}},
                    std::string(kWelcomeHtml));
}

}  // namespace transom::serve
