#include "node/certificate_care.h"

#include "base/log.h"
#include "tls/client_auth.h"

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

/// A list that cannot be read is no matter here: loading it has said so.
void add_crls(const tls::ClientAuthConfig& config, std::vector<Expiring>& all) {
  const auto dates = tls::crl_dates(config);
  if (!dates) return;
  for (const tls::CrlDate& date : *dates) {
    if (date.next_update == 0) continue;
    all.push_back({fmt::format("{} {} {}", date.file, date.issuer, date.next_update),
                   fmt::format("{}: the revocation list of \"{}\"", date.file, date.issuer), date.this_update,
                   date.next_update});
  }
}

}  // namespace

/// What is done off the loop, and what came of it.
struct CertificateCare::Work {
  Renew renew;
  std::vector<tls::ClientAuthConfig> crl_configs;
  Result<bool> renewed = false;
  std::vector<Expiring> crls;

  void run() {
    if (renew) renewed = renew();
    for (const tls::ClientAuthConfig& config : crl_configs) add_crls(config, crls);
  }
};

CertificateCare::CertificateCare(io::Loop& loop, Reloader& reloader, const serve::CoreGroup& group, Renew renew)
    : loop_(loop),
      reloader_(reloader),
      group_(group),
      renew_(std::move(renew)),
      timer_(
          loop.timers(),
          [](void* owner) {
            auto& self = *static_cast<CertificateCare*>(owner);
            self.timer_.start(kIntervalMs);
            self.look(self.renew_);
          },
          this) {
  reloader.on_loaded([this, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired()) look({});
  });
  timer_.start(kIntervalMs);
  look({});
}

void CertificateCare::look(Renew renew) {
  auto work = std::make_shared<Work>();
  work->renew = std::move(renew);
  for (const auto& listener : group_.listeners()) {
    const auto& tls = listener->config().endpoint.tls;
    if (tls && !tls->client_auth.crl_files.empty()) work->crl_configs.push_back(tls->client_auth);
  }
  loop_.offload([work] { work->run(); },
                [this, work, alive = std::weak_ptr<int>(alive_)] {
                  if (!alive.expired()) looked(*work);
                });
}

void CertificateCare::looked(const Work& work) {
  if (!work.renewed) log_error("the local certificate could not be renewed: {}", work.renewed.error().message);
  if (work.renewed && *work.renewed) return reloader_.reload(Reloader::Cause::noticed);  // which comes back here
  crls_ = work.crls;
  for (const std::string& text : warnings_.due(served(), loop_.unix_seconds())) log_warn("{}", text);
}

std::vector<Expiring> CertificateCare::served() const {
  std::vector<Expiring> all = crls_;
  for (const auto& listener : group_.listeners()) {
    if (const auto context = listener->tls()) add_certificates(*context, all);
  }
  return all;
}

std::vector<std::string> CertificateCare::near_expiry() const {
  return node::near_expiry(served(), loop_.unix_seconds());
}

}  // namespace transom::node
