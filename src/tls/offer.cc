#include "tls/offer.h"

#include <algorithm>

#include "tls/certificate_pair.h"
#include "tls/ciphers.h"
#include "tls/ocsp.h"

namespace transom::tls {
namespace {

constexpr std::size_t max_shown = 5;  // certificates, and names of each

/// Suites that no certificate can serve are no offer.
bool is_served(const Suite& suite, const std::vector<ServedCertificate>& certificates) {
  return suite.authentication == "any" ||
         std::any_of(certificates.begin(), certificates.end(), [&suite](const ServedCertificate& one) {
           return authentication_kind(X509_get0_pubkey(one.leaf.get())) == suite.authentication;
         });
}

/// By OpenSSL's names, as a cipher list has them.
std::string shown_suites(const Policy& policy, const std::vector<ServedCertificate>& certificates) {
  std::string names;
  std::size_t count = 0;
  for (const Suite& suite : expand_suites(policy.tls12_suites, policy.tls13_suites)) {
    if (is_served(suite, certificates)) names += (count++ == 0 ? "" : ", ") + suite.name;
  }
  return fmt::format("{} suites {}", count, names);
}

std::string shown_names(const ServedCertificate& certificate) {
  std::vector<std::string> names = certificate.server_names;
  const auto& addresses = certificate.info.ip_addresses;
  if (names.empty()) names.insert(names.end(), addresses.begin(), addresses.end());
  if (names.empty()) return certificate.info.subject;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), max_shown); ++i) text += (i == 0 ? "" : " ") + names[i];
  return names.size() > max_shown ? fmt::format("{} and {} more", text, names.size() - max_shown) : text;
}

std::string shown_certificates(const std::vector<ServedCertificate>& certificates) {
  std::string text;
  for (std::size_t i = 0; i < std::min(certificates.size(), max_shown); ++i) {
    text += fmt::format("{}{} ({}, until {})", i == 0 ? "" : ", ", shown_names(certificates[i]),
                        certificates[i].info.key, utc_text(certificates[i].info.not_after).substr(0, 10));
  }
  return certificates.size() > max_shown ? fmt::format("{} and {} more", text, certificates.size() - max_shown) : text;
}

std::string with_spaces(std::string list) {
  for (std::size_t at = 0; (at = list.find(':', at)) != std::string::npos; at += 2) list.replace(at, 1, ", ");
  return list;
}

}  // namespace

std::string describe_offer(const ServerConfig& config, const Policy& policy,
                           const std::vector<ServedCertificate>& certificates) {
  std::string text =
      fmt::format("TLS {}; {}; groups {}; certificate{} {}", policy.tls12_suites.empty() ? "1.3" : "1.2, 1.3",
                  shown_suites(policy, certificates), with_spaces(policy.groups), certificates.size() == 1 ? "" : "s",
                  shown_certificates(certificates));
  if (config.client_auth.mode == ClientAuth::required) text += "; client certificates required";
  if (config.client_auth.mode == ClientAuth::optional) text += "; client certificates optional";
  const bool staples = std::any_of(certificates.begin(), certificates.end(), [&config](const ServedCertificate& one) {
    return !one.config.staple_file.empty() || (config.stapling && !one.ocsp_url.empty());
  });
  if (staples) text += "; stapling on";
  return config.tickets.enabled ? text : text + "; no session tickets";
}

}  // namespace transom::tls
