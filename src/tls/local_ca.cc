#include "tls/local_ca.h"

#include <algorithm>

#include "tls/certificate_builder.h"
#include "tls/certificate_info.h"
#include "tls/openssl_error.h"
#include "tls/pem_file.h"

namespace transom::tls {
namespace {

constexpr std::int64_t hour = 3600;
constexpr std::int64_t day = 24 * hour;
constexpr std::int64_t authority_lifetime = 3650 * day;
constexpr std::int64_t leaf_lifetime = 90 * day;
constexpr std::int64_t clock_skew = hour;  // certificates begin this long before now
constexpr std::size_t max_name_length = 24;

/// DNS:localhost covers its subdomains as well. Mail addresses and URIs, which a server has no need of, are confined
/// to a domain that cannot exist: a type that is not mentioned would be unconstrained (RFC 5280, 4.2.1.10).
constexpr char name_constraints[] =
    "critical,permitted;DNS:localhost,permitted;IP:127.0.0.0/255.0.0.0,"
    "permitted;IP:::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,permitted;email:none.invalid,permitted;URI:none.invalid";

constexpr char localhost_names[] = "DNS:localhost,IP:127.0.0.1,IP:::1";

std::string printable(std::string_view name) {
  std::string kept;
  for (const char c : name.substr(0, max_name_length)) kept += c > ' ' && c < 0x7f ? c : '-';
  return kept.empty() ? "localhost" : kept;
}

CertificateRequest authority_request(std::int64_t now, std::string common_name, int path_length) {
  return {std::move(common_name), now - clock_skew, now + authority_lifetime,
          authority_extensions(path_length, "serverAuth", name_constraints)};
}

struct KeyPair {
  CertificateHandle certificate;
  KeyHandle key;
};

Result<KeyPair> read_pair(const std::string& certificate_pem_text, const std::string& key_pem_text) {
  auto certificates = parse_certificates(certificate_pem_text, "the local CA's intermediate certificate");
  if (!certificates) return tl::make_unexpected(certificates.error());
  auto key = parse_private_key(key_pem_text, "of the local CA's intermediate");
  if (!key) return tl::make_unexpected(key.error());
  const ErrorScope errors;
  KeyPair pair{std::move(certificates->front().certificate), std::move(*key)};
  if (X509_check_private_key(pair.certificate.get(), pair.key.get()) != 1) {
    return fail("the local CA's key does not belong to its certificate; remove the CA to have a new one made");
  }
  return pair;
}

Result<LocalCa> to_pem(X509* root, X509* intermediate, EVP_PKEY* intermediate_key) {
  auto root_pem = certificate_pem(root);
  if (!root_pem) return tl::make_unexpected(root_pem.error());
  auto intermediate_pem = certificate_pem(intermediate);
  if (!intermediate_pem) return tl::make_unexpected(intermediate_pem.error());
  auto key_pem = private_key_pem(intermediate_key);
  if (!key_pem) return tl::make_unexpected(key_pem.error());
  return LocalCa{std::move(*root_pem), std::move(*intermediate_pem), std::move(*key_pem)};
}

bool names_localhost(const CertificateInfo& info) {
  return info.dns_names == std::vector<std::string>{"localhost"} &&
         info.ip_addresses == std::vector<std::string>{"127.0.0.1", "::1"};
}

bool valid_for(X509* certificate, std::int64_t now, std::int64_t more) {
  return seconds_of(X509_get0_notBefore(certificate)) <= now &&
         now + more <= seconds_of(X509_get0_notAfter(certificate));
}

}  // namespace

Result<LocalCa> make_local_ca(std::int64_t now, std::string_view name) {
  const auto root_key = make_ec_key("P-384");
  if (!root_key) return tl::make_unexpected(root_key.error());
  const auto key = make_ec_key("P-256");
  if (!key) return tl::make_unexpected(key.error());
  const std::string title = fmt::format("Transom local CA {} {}", printable(name), short_key_id(root_key->get()));
  const auto root = make_certificate(authority_request(now, title, 1), root_key->get(), nullptr, root_key->get());
  if (!root) return tl::make_unexpected(root.error());
  const auto intermediate =
      make_certificate(authority_request(now, title + " issuer", 0), key->get(), root->get(), root_key->get());
  if (!intermediate) return tl::make_unexpected(intermediate.error());
  return to_pem(root->get(), intermediate->get(), key->get());
}

Result<IssuedCertificate> issue_localhost_certificate(std::int64_t now, const std::string& intermediate_cert_pem,
                                                      const std::string& intermediate_key_pem) {
  const auto issuer = read_pair(intermediate_cert_pem, intermediate_key_pem);
  if (!issuer) return tl::make_unexpected(issuer.error());
  const std::int64_t issuer_end = seconds_of(X509_get0_notAfter(issuer->certificate.get()));
  if (issuer_end <= now) return fail("the local CA has expired; remove it to have a new one made, then trust that");
  const auto key = make_ec_key("P-256");
  if (!key) return tl::make_unexpected(key.error());
  const CertificateRequest request{"localhost", now - clock_skew, std::min(now + leaf_lifetime, issuer_end),
                                   leaf_extensions(localhost_names, "serverAuth", key->get())};
  const auto leaf = make_certificate(request, key->get(), issuer->certificate.get(), issuer->key.get());
  if (!leaf) return tl::make_unexpected(leaf.error());
  const auto leaf_pem = certificate_pem(leaf->get());
  if (!leaf_pem) return tl::make_unexpected(leaf_pem.error());
  auto key_pem = private_key_pem(key->get());
  if (!key_pem) return tl::make_unexpected(key_pem.error());
  return IssuedCertificate{*leaf_pem + intermediate_cert_pem, std::move(*key_pem)};
}

bool renewal_due(const std::string& certificate_pem_text, const std::string& intermediate_cert_pem, std::int64_t now) {
  const auto leaf = parse_certificates(certificate_pem_text, "certificate");
  const auto issuer = parse_certificates(intermediate_cert_pem, "intermediate");
  if (!leaf || !issuer) return true;
  const ErrorScope errors;
  if (!signed_by(leaf->front().certificate.get(), issuer->front().certificate.get())) return true;
  const auto info = certificate_info(leaf->front().certificate.get());
  if (!info || !names_localhost(*info) || now < info->not_before) return true;
  return now - info->not_before >= (info->not_after - info->not_before) / 3 * 2;
}

bool local_ca_usable(const LocalCa& ca, std::int64_t now) {
  const auto root = parse_certificates(ca.root_cert_pem, "root");
  const auto pair = read_pair(ca.intermediate_cert_pem, ca.intermediate_key_pem);
  if (!root || !pair) return false;
  const ErrorScope errors;
  X509* root_certificate = root->front().certificate.get();
  return signed_by(pair->certificate.get(), root_certificate) && valid_for(root_certificate, now, leaf_lifetime) &&
         valid_for(pair->certificate.get(), now, leaf_lifetime);
}

}  // namespace transom::tls
