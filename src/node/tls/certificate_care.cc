#include "node/tls/certificate_care.h"

#include "base/log.h"

namespace transom::node {
namespace {

std::vector<Expiring> served_by(const serve::CoreGroup& group) {
  std::vector<Expiring> all;
  for (const auto& listener : group.listeners()) {
    if (const auto context = listener->tls()) add_expiring(*context, all);
  }
  return all;
}

}  // namespace

CertificateCare::CertificateCare(io::Loop& loop, Reloader& reloader, const serve::CoreGroup& group, Renew renew)
    : loop_(loop),
      reloader_(reloader),
      group_(group),
      renew_(std::move(renew)),
      timer_(
          loop.timers(), [](void* self) { static_cast<CertificateCare*>(self)->look(); }, this) {
  reloader.on_loaded([this, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired()) warn();
  });
  warn();
  timer_.start(kIntervalMs);
}

void CertificateCare::look() {
  timer_.start(kIntervalMs);
  if (!renew_) return warn();
  auto result = std::make_shared<Result<bool>>(false);
  loop_.offload([result, renew = renew_] { *result = renew(); },
                [this, result, alive = std::weak_ptr<int>(alive_)] {
                  if (!alive.expired()) renewed(*result);
                });
}

void CertificateCare::renewed(const Result<bool>& result) {
  if (!result) log_error("the local certificate could not be renewed: {}", result.error().message);
  if (!result || !*result) return warn();
  reloader_.reload(Reloader::Cause::noticed);  // and then warns
}

void CertificateCare::warn() {
  for (const std::string& text : warnings_.due(served_by(group_), loop_.unix_seconds())) log_warn("{}", text);
}

std::vector<std::string> CertificateCare::near_expiry() const {
  return node::near_expiry(served_by(group_), loop_.unix_seconds());
}

}  // namespace transom::node
