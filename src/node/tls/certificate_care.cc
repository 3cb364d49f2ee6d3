#include "node/tls/certificate_care.h"

#include "base/log.h"

namespace transom::node {
namespace {

Expiring expiring_of(const tls::CertificateInfo& info, const std::string& file) {
  return {info.sha256_fingerprint, fmt::format("{}: the certificate \"{}\"", file, info.subject), info.not_before,
          info.not_after};
}

void add_certificates(const tls::ServerContext& context, std::vector<Expiring>& all) {
  for (const tls::ServedCertificate& certificate : context.certificates()) {
    const std::string& file = certificate.config.certificate_file;
    all.push_back(expiring_of(certificate.info, file));
    if (!certificate.issuer) continue;
    if (const auto issuer = tls::certificate_info(certificate.issuer.get())) all.push_back(expiring_of(*issuer, file));
  }
}

/// Lists of which the next one is due soon.
void add_crls(const tls::ServerContext& context, std::vector<Expiring>& all) {
  for (const tls::CrlDate& crl : context.crls()) {
    if (crl.next_update == 0) continue;
    all.push_back({fmt::format("{} {} {}", crl.file, crl.issuer, crl.next_update),
                   fmt::format("{}: the revocation list of \"{}\"", crl.file, crl.issuer), crl.last_update,
                   crl.next_update});
  }
}

std::vector<Expiring> served_by(const serve::CoreGroup& group) {
  std::vector<Expiring> all;
  for (const auto& listener : group.listeners()) {
    const auto context = listener->tls();
    if (!context) continue;
    add_certificates(*context, all);
    add_crls(*context, all);
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
