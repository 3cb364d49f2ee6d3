#include "serve/web/json_service.h"

namespace transom::serve {

JsonService::JsonService(const JsonConfig& config)
    : body_(config.value.dump(config.prettify ? 2 : -1, ' ', false, nlohmann::json::error_handler_t::replace)),
      headers_{{"Content-Type", "application/json"}, {"X-Content-Type-Options", "nosniff"}} {
  if (config.allow_cross_origin) headers_.emplace_back("Access-Control-Allow-Origin", "*");
  if (config.discourage_caching)
    headers_.emplace_back("Cache-Control", "no-store, no-cache, must-revalidate, max-age=0");
}

void JsonService::handle(std::shared_ptr<HttpExchange> exchange, std::string_view rest) {
  if (!rest.empty()) return respond_not_found(*exchange);
  if (!exchange->request().is_get_or_head()) return respond_get_only(*exchange);
  exchange->respond(200, headers_, body_);
}

}  // namespace transom::serve
