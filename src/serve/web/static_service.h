// Path service `static`: the files of a directory.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "serve/http.h"
#include "serve/site.h"
#include "serve/transport_config.h"

namespace transom::serve {

class StaticService final : public WebService {
 public:
  StaticService(const StaticConfig& config, const SiteContext& context);
  void handle(std::shared_ptr<HttpExchange> exchange, std::string_view rest) override;

 private:
  struct Files;
  std::shared_ptr<const Files> files_;  // shared with the work on the thread pool
};

}  // namespace transom::serve
