// The default node's page: shows in the browser that publish, subscribe, register and call work.
#pragma once
#include "serve/http.h"

namespace transom::serve {

class WelcomeService final : public WebService {
 public:
  WelcomeService();
  void handle(std::shared_ptr<HttpExchange> exchange, std::string_view rest) override;

 private:
  std::string policy_;  // Content-Security-Policy but for connect-src, which names the request's host
};

/// The page of welcome.html, put into the binary by the build.
extern const std::string_view kWelcomeHtml;

}  // namespace transom::serve
