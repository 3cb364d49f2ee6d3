#include "serve/web/redirect_service.h"

#include "wire/url.h"

namespace transom::serve {

void RedirectService::handle(std::shared_ptr<HttpExchange> exchange, std::string_view) {
  std::vector<Header> headers = html_page_headers();
  headers.emplace_back("Location", url_);
  const std::string link = wire::html_escape(url_);
  exchange->respond(302, std::move(headers),
                    html_page("Found", fmt::format("<p>Go on to <a href=\"{}\">{}</a>.</p>", link, link)));
}

}  // namespace transom::serve
