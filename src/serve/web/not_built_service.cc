#include "serve/web/not_built_service.h"

namespace transom::serve {

void NotBuiltService::handle(std::shared_ptr<HttpExchange> exchange, std::string_view) {
  respond_error(*exchange, 501, fmt::format("The path service '{}' is not supported yet.", type_));
}

}  // namespace transom::serve
