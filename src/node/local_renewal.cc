#include "node/local_renewal.h"

#include <ctime>

#include "base/log.h"
#include "node/local_node.h"

namespace transom::node {

LocalRenewal::LocalRenewal(Node& node, std::string directory)
    : node_(node),
      directory_(std::move(directory)),
      timer_(
          node.loop().timers(), [](void* self) { static_cast<LocalRenewal*>(self)->look(); }, this) {
  timer_.start(kIntervalMs);
}

void LocalRenewal::look() {
  auto renewed = std::make_shared<Result<bool>>(false);
  node_.loop().offload([renewed, directory = directory_] { *renewed = renew_if_due(directory, std::time(nullptr)); },
                       [this, renewed, alive = std::weak_ptr<int>(alive_)] {
                         if (!alive.expired()) looked(*renewed);
                       });
}

void LocalRenewal::looked(const Result<bool>& renewed) {
  if (!renewed) {
    log_error("the local certificate could not be renewed: {}", renewed.error().message);
  } else if (*renewed) {
    node_.reload_certificates();
  }
  timer_.start(kIntervalMs);
}

}  // namespace transom::node
