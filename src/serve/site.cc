#include "serve/site.h"

#include "serve/web/acme_service.h"
#include "serve/web/https_redirect.h"
#include "serve/web/services.h"

namespace transom::serve {

Site::Site(const TransportConfig& config, const SiteContext& context)
    : config_(config), root_(build(config.paths, context)) {
  if (context.acme_challenges && !config.endpoint.tls) acme_ = std::make_unique<AcmeService>(context.acme_challenges);
  if (config.https_redirect && context.https_hosts != nullptr) {
    https_redirect_ = std::make_unique<HttpsRedirect>(*config.https_redirect, config.worker_id, *context.https_hosts);
  }
}
Site::~Site() = default;

Site::Level Site::build(const PathMap& paths, const SiteContext& context) {
  Level level;
  for (const auto& [name, path] : paths) {
    Entry& entry = level[name];
    if (const auto* nested = std::get_if<NestedConfig>(&path.service))
      entry.nested = std::make_unique<Level>(nested->paths ? build(*nested->paths, context) : Level{});
    else if (const auto* websocket = std::get_if<WebSocketConfig>(&path.service))
      entry.websocket = websocket;
    else
      entry.service = make_service(path, context);
  }
  return level;
}

Site::Match Site::resolve_in(const Level& level, std::string_view rest) {
  const auto slash = rest.find('/');
  const std::string_view first = rest.substr(0, slash);
  auto found = first.empty() ? level.end() : level.find(first);
  if (found != level.end()) {
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
  } else {
    found = level.find("/");
    if (found == level.end()) return {};
  }
  const Entry& entry = found->second;
  if (entry.nested) return resolve_in(*entry.nested, rest);
  return {entry.websocket, entry.service.get(), rest};
}

Site::Match Site::resolve(std::string_view path) const {
  if (acme_ && acme_->knows(path)) return {nullptr, acme_.get(), path.substr(kAcmePrefix.size())};
  if (https_redirect_ && !path.starts_with(kAcmePrefix)) return {nullptr, https_redirect_.get(), path};
  if (!path.empty() && path.front() == '/') path.remove_prefix(1);
  if (config_.websocket) return {&*config_.websocket, nullptr, path};
  return resolve_in(root_, path);
}

}  // namespace transom::serve
