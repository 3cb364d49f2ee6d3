#include "serve/web/services.h"

#include "serve/web/json_service.h"
#include "serve/web/nodeinfo_service.h"
#include "serve/web/not_built_service.h"
#include "serve/web/redirect_service.h"
#include "serve/web/static_service.h"
#include "serve/web/welcome_service.h"

namespace transom::serve {
namespace {

using ServicePtr = std::unique_ptr<WebService>;

/// One row per type of service; a type of PathConfig without a row does not compile.
struct ServiceTable {
  const SiteContext& context;

  ServicePtr operator()(const StaticConfig& c) const { return std::make_unique<StaticService>(c, context); }
  ServicePtr operator()(const RedirectConfig& c) const { return std::make_unique<RedirectService>(c); }
  ServicePtr operator()(const JsonConfig& c) const { return std::make_unique<JsonService>(c); }
  ServicePtr operator()(const NodeinfoConfig&) const { return std::make_unique<NodeinfoService>(context); }
  ServicePtr operator()(const WelcomePageConfig&) const { return std::make_unique<WelcomeService>(); }
  ServicePtr operator()(const CommandServiceConfig& c) const { return c.make(); }
  ServicePtr operator()(const NotBuiltConfig& c) const { return std::make_unique<NotBuiltService>(c); }
  ServicePtr operator()(const NestedConfig&) const { return nullptr; }     // site.cc descends into it
  ServicePtr operator()(const WebSocketConfig&) const { return nullptr; }  // http_layer.cc upgrades or shows its page
};

}  // namespace

std::unique_ptr<WebService> make_service(const PathConfig& path, const SiteContext& context) {
  return std::visit(ServiceTable{context}, path.service);
}

}  // namespace transom::serve
