#include "node/tls/expiry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "tls/context.h"

namespace transom::node {
namespace {

constexpr std::int64_t kHour = 3600, kDay = 24 * kHour;
constexpr std::int64_t kStages[] = {30 * kDay, 14 * kDay, 7 * kDay, 3 * kDay, kDay};  // before the end

std::string warning_of(const Expiring& expiring, std::int64_t now) {
  return fmt::format("{} {} {}; renew it", expiring.what, expiring.not_after > now ? "expires" : "expired",
                     distance_text(expiring.not_after, now));
}

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

}  // namespace

void add_expiring(const tls::ServerContext& context, std::vector<Expiring>& all) {
  add_certificates(context, all);
  add_crls(context, all);
}

std::size_t expiry_stage(const Expiring& expiring, std::int64_t now) {
  const std::int64_t left = expiring.not_after - now;
  const std::int64_t first = std::min((expiring.not_after - expiring.not_before) / 3, kStages[0]);
  std::size_t stage = left <= first ? 1 : 0;
  for (const std::int64_t threshold : kStages) stage += threshold < first && left <= threshold ? 1 : 0;
  return stage + (left <= 0 ? 1 : 0);
}

std::string distance_text(std::int64_t then, std::int64_t now) {
  const std::int64_t distance = std::abs(then - now);
  const bool in_days = distance >= 2 * kDay;
  const std::int64_t count = distance / (in_days ? kDay : kHour);
  const char* unit = in_days ? "day" : "hour";
  return fmt::format("{}{} {}{}{}", then > now ? "in " : "", count, unit, count == 1 ? "" : "s",
                     then > now ? "" : " ago");
}

std::vector<std::string> near_expiry(const std::vector<Expiring>& all, std::int64_t now) {
  std::vector<std::string> sentences;
  std::set<std::string> seen;
  for (const Expiring& expiring : all) {
    if (expiry_stage(expiring, now) > 0 && seen.insert(expiring.id).second) {
      sentences.push_back(warning_of(expiring, now));
    }
  }
  return sentences;
}

std::vector<std::string> ExpiryWarnings::due(const std::vector<Expiring>& all, std::int64_t now) {
  std::vector<std::string> warnings;
  std::map<std::string, std::size_t> present;
  for (const Expiring& expiring : all) {
    const auto before = said_.find(expiring.id);
    const bool known = before != said_.end() || present.contains(expiring.id);
    const std::size_t said = before != said_.end() ? before->second : 0;
    const std::size_t stage = expiry_stage(expiring, now);
    if (!present.emplace(expiring.id, std::max(stage, said)).second || stage <= said) continue;
    if (known || expiring.not_after > now) warnings.push_back(warning_of(expiring, now));
  }
  said_ = std::move(present);
  return warnings;
}

}  // namespace transom::node
