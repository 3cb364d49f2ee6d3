// The one table of path services.
#pragma once
#include <memory>

#include "serve/http.h"
#include "serve/site.h"
#include "serve/transport_config.h"

namespace transom::serve {

/// The service for a path entry that answers requests by itself (not `path` and `websocket`).
std::unique_ptr<WebService> make_service(const PathConfig& path, const SiteContext& context);

}  // namespace transom::serve
