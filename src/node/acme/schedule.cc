#include "node/acme/schedule.h"

#include <algorithm>
#include <functional>

namespace transom::node {
namespace {

constexpr std::int64_t kFirstRetryS = 60;
// Let's Encrypt takes five failed checks of a name in an hour.
constexpr std::int64_t kFirstRetryAfterRefusalS = 15 * 60;
constexpr std::int64_t kLongestRetryS = 12 * 3600;
constexpr std::int64_t kLimitPauseS = 3600;  // of a server that names a limit, but no time
constexpr std::int64_t kLeastLifeS = 3600;

/// `seconds`, up to a tenth more or less.
std::int64_t spread(std::int64_t seconds, Random& random) {
  const auto thousandths = static_cast<std::int64_t>(random.next_u64() % 201) - 100;
  return seconds + seconds * thousandths / 1000;
}

/// The same number for the same certificate in every run of the program.
std::int64_t part_of(const std::string& fingerprint, std::int64_t whole) {
  std::uint32_t mixed = 2'166'136'261u;  // FNV-1a: it spreads, nobody attacks it
  for (char c : fingerprint) mixed = (mixed ^ static_cast<unsigned char>(c)) * 16'777'619u;
  return whole <= 0 ? 0 : static_cast<std::int64_t>(mixed) % whole;
}

}  // namespace

std::int64_t renewal_time(const tls::CertificateInfo& info) {
  const std::int64_t life = info.not_after - info.not_before;
  return info.not_before + life * 2 / 3 + part_of(info.sha256_fingerprint, life / 60);
}

std::int64_t renewal_time(const tls::CertificateInfo& info, const AcmeState::Renewal& suggested) {
  const std::int64_t life = info.not_after - info.not_before;
  const std::int64_t earliest = info.not_before + std::min(kLeastLifeS, life / 3);
  return std::clamp(suggested.chosen, earliest, info.not_before + life * 9 / 10);
}

std::int64_t choose_in(const acme::RenewalWindow& window, Random& random) {
  const auto width = static_cast<std::uint64_t>(std::max<std::int64_t>(1, window.end - window.begin));
  return window.begin + static_cast<std::int64_t>(random.next_u64() % width);
}

std::int64_t forbidden_until(const AcmeFault& fault, std::int64_t now) {
  if (fault.retry_after_s >= 0) return now + std::min(fault.retry_after_s, kLongestForbiddenS);
  return fault.type == "rateLimited" ? now + kLimitPauseS : 0;
}

std::int64_t next_order(unsigned failures, const AcmeFault& fault, std::int64_t now, Random& random) {
  const unsigned doublings = std::min(failures > 0 ? failures - 1 : 0, 10u);
  const bool judged = !fault.type.empty() && fault.type != "badNonce";
  const std::int64_t first = judged ? kFirstRetryAfterRefusalS : kFirstRetryS;
  const std::int64_t pause = std::min(first << doublings, kLongestRetryS);
  return std::max(now + spread(pause, random), forbidden_until(fault, now));
}

}  // namespace transom::node
