#include "node/certificate_care.h"

#include "base/log.h"

namespace transom::node {
namespace {

std::string what_of(const tls::CertificateInfo& info, const std::string& file) {
  return fmt::format("{}: the certificate \"{}\"", file, info.subject);
}

/// A list of which the next one is due soon.
void add_crls(const tls::ServerContext& context, std::vector<Expiring>& all) {
  for (const tls::CrlDate& crl : context.crls()) {
    if (crl.next_update == 0) continue;
    all.push_back({fmt::format("{} {} {}", crl.file, crl.issuer, crl.next_update),
                   fmt::format("{}: the revocation list of \"{}\"", crl.file, crl.issuer), crl.last_update,
                   crl.next_update});
  }
}

std::vector<Expiring> expiring_of(const serve::CoreGroup& group) {
  std::vector<Expiring> all;
  const auto add = [&all](const tls::CertificateInfo& info, const std::string& file) {
    all.push_back({info.sha256_fingerprint, what_of(info, file), info.not_before, info.not_after});
  };
  for (const auto& listener : group.listeners()) {
    const auto context = listener->tls();
    if (!context) continue;
    add_crls(*context, all);
    for (const tls::ServedCertificate& certificate : context->certificates()) {
      add(certificate.info, certificate.config.certificate_file);
      if (!certificate.issuer) continue;
      if (const auto issuer = tls::certificate_info(certificate.issuer.get())) {
        add(*issuer, certificate.config.certificate_file);
      }
    }
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
  for (const std::string& text : warnings_.due(expiring_of(group_), loop_.unix_seconds())) log_warn("{}", text);
}

}  // namespace transom::node
