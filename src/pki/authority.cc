#include "pki/authority.h"

#include <algorithm>

#include "pki/authority_constraints.h"
#include "pki/validity.h"
#include "tls/certificate_builder.h"
#include "tls/certificate_info.h"
#include "tls/ocsp.h"
#include "tls/openssl_error.h"
#include "tls/pem_file.h"

namespace transom::pki {
namespace {

using StoreHandle = std::unique_ptr<X509_STORE, tls::FreeWith<X509_STORE_free>>;
using StoreContextHandle = std::unique_ptr<X509_STORE_CTX, tls::FreeWith<X509_STORE_CTX_free>>;
using StackHandle = std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)>;

constexpr std::int64_t kHour = 3600;
constexpr std::int64_t kAuthorityLifetime = 3650 * 24 * kHour;
constexpr std::size_t kMaxName = 40;
constexpr std::size_t kMaxUrl = 255;

Status check_name(const std::string& name) {
  const bool printable = std::all_of(name.begin(), name.end(), [](unsigned char c) { return c >= ' ' && c != 0x7f; });
  if (!name.empty() && name.size() <= kMaxName && printable) return {};
  return fail("the name of an authority has 1 to {} octets and no control characters", kMaxName);
}

tls::CertificateRequest authority_request(std::string name, std::int64_t now, tls::Extensions extensions) {
  return {std::move(name), now - kClockSkew, now + kAuthorityLifetime, std::move(extensions)};
}

/// Usable for signatures of web servers and browsers today.
Status check_public_key(EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  if (EVP_PKEY_is_a(key, "RSA") && bits >= 2048 && bits <= 8192) return {};
  char curve[32] = "";
  std::size_t length = 0;
  EVP_PKEY_get_group_name(key, curve, sizeof curve, &length);
  const std::string_view name(curve);
  if (EVP_PKEY_is_a(key, "EC") && (name == "prime256v1" || name == "secp384r1")) return {};
  return fail("a certificate for this key ({}) is not made: browsers take RSA of 2048 to 8192 bits, P-256 and P-384",
              describe_key(key));
}

Status check_alive(X509* issuer, std::int64_t now) {
  const std::int64_t begin = tls::seconds_of(X509_get0_notBefore(issuer));
  const std::int64_t end = tls::seconds_of(X509_get0_notAfter(issuer));
  if (now < begin) {
    return fail("the authority is valid from {} on, and it is {} by this machine's clock; set the clock",
                tls::utc_text(begin), tls::utc_text(now));
  }
  if (now >= end) {
    return fail("the authority has expired on {}; make a new one with: transom ca init", tls::utc_text(end));
  }
  return {};
}

tls::Extensions extensions_of(const LeafPlan& plan, EVP_PKEY* key, bool has_subject) {
  const std::string names = alternative_names(plan.names);
  auto all = tls::leaf_extensions(has_subject ? names : "critical," + names,
                                  plan.use == LeafPlan::Use::client ? "clientAuth" : "serverAuth", key);
  if (!plan.ocsp_url.empty()) all.emplace_back(NID_info_access, "OCSP;URI:" + plan.ocsp_url);
  if (!plan.crl_url.empty()) all.emplace_back(NID_crl_distribution_points, "URI:" + plan.crl_url);
  return all;
}

/// For people only. Verifiers take what looks like a host name here for one, so an address must not look so: it would
/// be held against the constraints for hosts.
std::string subject_of(const Names& names) {
  if (names.dns.empty() && !names.ip_addresses.empty()) return "IP address " + names.ip_addresses.front();
  return common_name(names);
}

/// The names went through a text; what was signed must be what somebody has looked at.
Status check_names(X509* made, const Names& wanted) {
  const tls::NamesHandle list(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(made, NID_subject_alt_name, nullptr, nullptr)));
  const auto names = read_names(list.get());
  if (names && *names == wanted) return {};
  return fail("the certificate would be for other names than those asked for: {}", alternative_names(wanted));
}

}  // namespace

Result<NewAuthority> make_authority(const AuthorityPlan& plan, std::int64_t now) {
  if (auto status = check_name(plan.name); !status) return tl::make_unexpected(status.error());
  auto root_key = make_key(plan.root_key);
  if (!root_key) return tl::make_unexpected(root_key.error());
  auto key = make_key(plan.intermediate_key);
  if (!key) return tl::make_unexpected(key.error());
  const std::string id = tls::short_key_id(root_key->get());
  auto root = tls::make_certificate(
      authority_request(plan.name + " root " + id, now, tls::authority_extensions(1, "", plan.constraints)),
      root_key->get(), nullptr, root_key->get());
  if (!root) return tl::make_unexpected(root.error());
  auto intermediate =
      tls::make_certificate(authority_request(plan.name + " issuer " + id, now,
                                              tls::authority_extensions(0, "serverAuth,clientAuth", plan.constraints)),
                            key->get(), root->get(), root_key->get());
  if (!intermediate) return tl::make_unexpected(intermediate.error());
  return NewAuthority{{std::move(*root), std::move(*root_key)}, {std::move(*intermediate), std::move(*key)}};
}

Result<SigningPair> read_signing_pair(const std::string& certificate_pem, const std::string& key_pem,
                                      const std::string& what, const std::string& passphrase) {
  auto certificates = tls::parse_certificates(certificate_pem, what + "'s certificate");
  if (!certificates) return tl::make_unexpected(certificates.error());
  auto key = read_key(key_pem, what + "'s key", passphrase);
  if (!key) return tl::make_unexpected(key.error());
  const tls::ErrorScope errors;
  SigningPair pair{std::move(certificates->front().certificate), std::move(*key)};
  if (X509_check_private_key(pair.certificate.get(), pair.key.get()) == 1) return pair;
  return fail("{}'s key does not belong to its certificate: one of the two files was replaced", what);
}

Result<tls::CertificateHandle> issue_leaf(const SigningPair& issuer, const LeafPlan& plan, EVP_PKEY* key,
                                          std::int64_t now) {
  const tls::ErrorScope errors;
  X509* certificate = issuer.certificate.get();
  if (auto status = check_alive(certificate, now); !status) return tl::make_unexpected(status.error());
  if (auto status = check_public_key(key); !status) return tl::make_unexpected(status.error());
  if (auto status = check_permitted(certificate, plan.names); !status) return tl::make_unexpected(status.error());
  const std::string subject = subject_of(plan.names);
  const Validity whole = validity(now, plan.lifetime_s);
  const std::int64_t begin = std::max(whole.begin, tls::seconds_of(X509_get0_notBefore(certificate)));
  const std::int64_t end = std::min(whole.end, tls::seconds_of(X509_get0_notAfter(certificate)));
  auto made = tls::make_certificate({subject, begin, end, extensions_of(plan, key, !subject.empty())}, key, certificate,
                                    issuer.key.get());
  if (!made) return made;
  if (auto status = check_names(made->get(), plan.names); !status) return tl::make_unexpected(status.error());
  return made;
}

Status check_chain(X509* leaf, X509* intermediate, X509* root, LeafPlan::Use use, std::int64_t now) {
  const tls::ErrorScope errors;
  const StoreHandle store(X509_STORE_new());
  const StackHandle others(sk_X509_new_null(), [](STACK_OF(X509) * list) { sk_X509_free(list); });
  const StoreContextHandle context(X509_STORE_CTX_new());
  if (!store || !others || !context || X509_STORE_add_cert(store.get(), root) != 1 ||
      sk_X509_push(others.get(), intermediate) == 0 ||
      X509_STORE_CTX_init(context.get(), store.get(), leaf, others.get()) != 1) {
    return fail("cannot verify the certificate: {}", tls::openssl_reason());
  }
  X509_VERIFY_PARAM* wanted = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(wanted, X509_V_FLAG_X509_STRICT);
  X509_VERIFY_PARAM_set_purpose(wanted,
                                use == LeafPlan::Use::client ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_SSL_SERVER);
  X509_VERIFY_PARAM_set_time(wanted, now);
  X509_VERIFY_PARAM_set_auth_level(wanted, 2);
  if (X509_verify_cert(context.get()) == 1) return {};
  return fail("strict clients would refuse the certificate: {}",
              X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
}

Status check_publication_url(const std::string& url) {
  const bool plain = std::all_of(url.begin(), url.end(), [](char c) {
    return c > ' ' && c < 0x7f && std::string_view(",;\"\\<>").find(c) == std::string_view::npos;
  });
  const bool http = url.starts_with("http://") && url.size() > std::string_view("http://").size();
  if (http && plain && url.size() <= kMaxUrl) return {};
  return fail(
      "\"{}\" cannot stand in a certificate: an address that begins with http:// is needed, without blanks and commas, "
      "of at most {} octets; what is fetched there is signed, https would only add a circle",
      url, kMaxUrl);
}

std::string serial_text(const ASN1_INTEGER* serial) {
  const std::unique_ptr<BIGNUM, tls::FreeWith<BN_free>> number(ASN1_INTEGER_to_BN(serial, nullptr));
  char* hex = number ? BN_bn2hex(number.get()) : nullptr;
  if (hex == nullptr) return "";
  std::string text(hex);
  OPENSSL_free(hex);
  return text;
}

std::string serial_text(X509* certificate) { return serial_text(X509_get0_serialNumber(certificate)); }

}  // namespace transom::pki
