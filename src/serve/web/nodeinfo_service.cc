#include "serve/web/nodeinfo_service.h"

namespace transom::serve {

NodeinfoService::NodeinfoService(const SiteContext& context)
    : page_(html_page(
          "Transom node",
          fmt::format("<table>\n<tr><th>Release</th><td>{}</td></tr>\n<tr><th>Node started</th><td>{}</td>"
                      "</tr>\n<tr><th>Workers</th><td>{}</td></tr>\n<tr><th>Realms</th><td>{}</td></tr>\n"
                      "</table>",
                      TRANSOM_VERSION, http_date(context.started), context.worker_count, context.realm_count))) {}

void NodeinfoService::handle(std::shared_ptr<HttpExchange> exchange, std::string_view rest) {
  if (!rest.empty()) return respond_not_found(*exchange);
  if (!exchange->request().is_get_or_head()) return respond_get_only(*exchange);
  exchange->respond(200, html_page_headers(), page_);
}

}  // namespace transom::serve
