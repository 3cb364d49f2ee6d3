// Path service `redirect`: 302 to a URL of the config.
#pragma once
#include "serve/http.h"
#include "serve/transport_config.h"

namespace transom::serve {

class RedirectService final : public WebService {
 public:
  explicit RedirectService(const RedirectConfig& config) : url_(config.url) {}
  void handle(std::shared_ptr<HttpExchange> exchange, std::string_view rest) override;

 private:
  const std::string url_;
};

}  // namespace transom::serve
