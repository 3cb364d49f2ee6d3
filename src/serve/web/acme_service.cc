#include "serve/web/acme_service.h"

namespace transom::serve {

bool AcmeService::knows(std::string_view path) const {
  return path.starts_with(kAcmePrefix) && challenges_->http(path.substr(kAcmePrefix.size())).has_value();
}

void AcmeService::handle(std::shared_ptr<HttpExchange> exchange, std::string_view token) {
  if (!exchange->request().is_get_or_head()) return respond_get_only(*exchange);
  auto key_authorization = challenges_->http(token);
  if (!key_authorization) return respond_not_found(*exchange);  // over meanwhile
  exchange->respond(200,
                    {{"Content-Type", "application/octet-stream"},
                     {"X-Content-Type-Options", "nosniff"},
                     {"Cache-Control", "no-store"}},
                    std::move(*key_authorization));
}

}  // namespace transom::serve
