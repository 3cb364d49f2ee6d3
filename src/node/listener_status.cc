#include "node/listener_status.h"

#include <nlohmann/json.hpp>

#include "tls/ocsp.h"

namespace transom::node {
namespace {

constexpr std::int64_t kDay = 24 * 60 * 60;

/// Whole days; negative from the first second after the end.
std::int64_t days_left(std::int64_t not_after, std::int64_t now) {
  const std::int64_t left = not_after - now;
  return left >= 0 ? left / kDay : (left - kDay + 1) / kDay;
}

nlohmann::json certificate_status(const tls::ServedCertificate& certificate, std::int64_t now) {
  std::vector<std::string> names = certificate.server_names;
  const auto& addresses = certificate.info.ip_addresses;
  names.insert(names.end(), addresses.begin(), addresses.end());
  return {{"file", certificate.config.certificate_file},
          {"subject", certificate.info.subject},
          {"names", names},
          {"key", certificate.info.key},
          {"not_before", tls::utc_text(certificate.info.not_before)},
          {"not_after", tls::utc_text(certificate.info.not_after)},
          {"days_left", days_left(certificate.info.not_after, now)}};
}

}  // namespace

nlohmann::json listener_status(const serve::Listener& listener, std::int64_t now) {
  const auto context = listener.tls();
  nlohmann::json status = {{"worker", listener.config().worker_id},
                           {"transport", listener.config().id},
                           {"endpoint", listener.description()},
                           {"tls", context != nullptr}};
  if (!context) return status;
  status["offers"] = context->offer();
  status["certificates"] = nlohmann::json::array();
  for (const auto& certificate : context->certificates()) {
    status["certificates"].push_back(certificate_status(certificate, now));
  }
  return status;
}

}  // namespace transom::node
