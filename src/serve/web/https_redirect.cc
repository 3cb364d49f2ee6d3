#include "serve/web/https_redirect.h"

#include "base/log.h"
#include "wire/url.h"

namespace transom::serve {
namespace {

constexpr std::uint16_t kHttpsPort = 443;

std::string url_of(const std::string& host, std::uint16_t port, const HttpRequest& request) {
  const bool v6 = host.find(':') != host.npos;
  std::string url = fmt::format("https://{}{}{}", v6 ? "[" : "", host, v6 ? "]" : "");
  if (port != kHttpsPort) url += fmt::format(":{}", port);
  if (request.target.starts_with('/')) return url + request.target;
  // A request as to a proxy: the path was taken out of the URL already.
  url += wire::percent_encode_path(request.path);
  return request.query.empty() ? url : url + "?" + request.query;
}

}  // namespace

std::optional<std::uint16_t> HttpsRedirect::port_of(const std::string& host) const {
  if (host.empty()) return std::nullopt;
  const bool known = std::any_of(config_.hosts.begin(), config_.hosts.end(),
                                 [&host](const std::string& name) { return name_covers(name, host); });
  const auto port = hosts_.port_of(host, worker_id_, known);
  return port && config_.port != 0 ? config_.port : port;
}

void HttpsRedirect::handle(std::shared_ptr<HttpExchange> exchange, std::string_view) {
  const HttpRequest& request = exchange->request();
  const std::string host = host_of_field(request.header("host"));
  const auto port = port_of(host);
  if (!port) {
    log_info("http {}: 421 no redirect: Host '{}' is in no certificate of this node and not in `redirect_hosts`",
             request.peer, log_safe(request.header("host")));
    return respond_error(*exchange, 421, "This server does not answer for the host that the request names.");
  }
  const std::string url = url_of(host, *port, request);
  std::vector<Header> headers = html_page_headers();
  headers.emplace_back("Location", url);
  const std::string link = wire::html_escape(url);
  exchange->respond(308, std::move(headers),
                    html_page("Over TLS, please", fmt::format("<p>Go on to <a href=\"{}\">{}</a>.</p>", link, link)));
}

}  // namespace transom::serve
