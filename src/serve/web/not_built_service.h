// A path whose service is not built yet: 501, so that nothing else is served in its place.
#pragma once
#include "serve/http.h"
#include "serve/transport_config.h"

namespace transom::serve {

class NotBuiltService final : public WebService {
 public:
  explicit NotBuiltService(const NotBuiltConfig& config) : type_(config.type) {}
  void handle(std::shared_ptr<HttpExchange> exchange, std::string_view rest) override;

 private:
  const std::string type_;
};

}  // namespace transom::serve
