// Path service `json`: one value of the config.
#pragma once
#include "serve/http.h"
#include "serve/transport_config.h"

namespace transom::serve {

class JsonService final : public WebService {
 public:
  explicit JsonService(const JsonConfig& config);
  void handle(std::shared_ptr<HttpExchange> exchange, std::string_view rest) override;

 private:
  std::string body_;
  std::vector<Header> headers_;
};

}  // namespace transom::serve
