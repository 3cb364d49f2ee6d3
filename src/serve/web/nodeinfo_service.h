// Path service `nodeinfo`: what kind of node this is. No process ids and no paths of the server.
#pragma once
#include "serve/http.h"
#include "serve/site.h"

namespace transom::serve {

class NodeinfoService final : public WebService {
 public:
  explicit NodeinfoService(const SiteContext& context);
  void handle(std::shared_ptr<HttpExchange> exchange, std::string_view rest) override;

 private:
  std::string page_;
};

}  // namespace transom::serve
