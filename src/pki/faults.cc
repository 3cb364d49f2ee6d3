#include "pki/faults.h"

#include <fmt/format.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "tls/certificate_info.h"
#include "tls/openssl_error.h"

namespace transom::pki {
namespace {

using Faults = std::vector<std::string>;

void append(Faults& to, Faults more) {
  for (std::string& fault : more) to.push_back(std::move(fault));
}

bool has(X509* certificate, int nid) { return X509_get_ext_by_NID(certificate, nid, -1) >= 0; }

bool is_authority(X509* certificate) { return (X509_get_extension_flags(certificate) & EXFLAG_CA) != 0; }

/// An authority's own certificate is not judged as a server's, unless it is used for both: many recipes make a server's
/// certificate an authority by the way, and then it has names or nothing that says what the key is for.
bool is_for_servers(X509* certificate, const tls::CertificateInfo& info) {
  const bool own = X509_self_signed(certificate, 0) == 1;
  if (is_authority(certificate)) {
    return !info.dns_names.empty() || !info.ip_addresses.empty() || (own && !has(certificate, NID_key_usage));
  }
  const std::uint32_t use = X509_get_extended_key_usage(certificate);
  return use == UINT32_MAX || (use & (XKU_SSL_SERVER | XKU_ANYEKU)) != 0;
}

Faults date_faults(const tls::CertificateInfo& info, std::int64_t now) {
  if (now > info.not_after) return {fmt::format("It expired {}: renew it.", distance(info.not_after, now))};
  if (now >= info.not_before) return {};
  return {fmt::format("It is not valid yet, it begins {}: check the clock.", distance(info.not_before, now))};
}

void add_name_faults(const tls::CertificateInfo& info, Faults& faults) {
  if (info.dns_names.empty() && info.ip_addresses.empty()) {
    faults.emplace_back(
        "It has no subject alternative name: browsers have ignored the common name for years and refuse it. `transom "
        "cert self-signed NAME` and `transom cert request NAME` put the names where they belong.");
  }
  for (const std::string& name : info.dns_names) {
    if (name.find('_') == std::string::npos) continue;
    faults.emplace_back("A name in it has an underscore, which host names do not have; some clients refuse it.");
    return;
  }
}

void add_use_faults(X509* certificate, Faults& faults) {
  const std::uint32_t use = X509_get_extended_key_usage(certificate);
  if (use == UINT32_MAX) {
    faults.emplace_back(
        "It does not say what it is for (extendedKeyUsage is missing): Apple's programs want serverAuth.");
  }
  if ((X509_get_key_usage(certificate) & (KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT)) == 0) {
    faults.emplace_back("Its key may not sign (keyUsage lacks digitalSignature): TLS of today needs that.");
  }
  if (is_authority(certificate)) {
    faults.emplace_back(
        "It is an authority as well (CA:TRUE): Firefox refuses that of a server, and whoever gets its key can pretend "
        "to "
        "be any site to those who trust it. `transom cert self-signed` makes one that cannot.");
  }
}

Faults server_faults(X509* certificate, const tls::CertificateInfo& info) {
  Faults faults;
  add_name_faults(info, faults);
  add_use_faults(certificate, faults);
  const std::int64_t life = info.not_after - info.not_before + 1;
  if (life > kLongestLife) {
    faults.push_back(fmt::format(
        "It is valid for {} days: Apple's programs take at most 825, others at most 398 from authorities they know.",
        life / kDaySeconds));
  }
  return faults;
}

}  // namespace

std::string distance(std::int64_t seconds, std::int64_t now) {
  const std::int64_t days = (seconds > now ? seconds - now : now - seconds) / kDaySeconds;
  const std::string count = days == 1 ? "1 day" : fmt::format("{} days", days);
  return seconds >= now ? "in " + count : count + " ago";
}

std::vector<std::string> key_faults(EVP_PKEY* key) {
  if (key == nullptr) return {"Its key is of a kind that is not known here."};
  const int bits = EVP_PKEY_get_bits(key);
  if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS")) {
    if (bits < 2048) {
      return {
          fmt::format("An RSA key of {} bits is not safe, and refused: make a new key; RSA needs 2048 bits.", bits)};
    }
    if (EVP_PKEY_is_a(key, "RSA")) return {};
  }
  const std::string kind = tls::describe_key(key);
  if (kind == "ECDSA P-256" || kind == "ECDSA P-384") return {};
  return {fmt::format("Many browsers do not take {} keys; P-256, P-384 and RSA are taken by all.", kind)};
}

std::vector<std::string> signature_faults(int nid) {
  int digest = NID_undef;
  if (OBJ_find_sigid_algs(nid, &digest, nullptr) != 1) return {};
  if (digest != NID_sha1 && digest != NID_md5 && digest != NID_md4 && digest != NID_md2) return {};
  return {fmt::format("It is signed with {}, which is broken: have it issued again with SHA-256.",
                      digest == NID_sha1 ? "SHA-1" : OBJ_nid2sn(digest))};
}

std::vector<std::string> certificate_faults(X509* certificate, std::int64_t now) {
  const tls::ErrorScope errors;
  if ((X509_get_extension_flags(certificate) & EXFLAG_INVALID) != 0) {
    return {"One of its extensions is damaged or stands there twice: no client takes it."};
  }
  const auto info = tls::certificate_info(certificate);
  if (!info) return {info.error().message};
  Faults faults = date_faults(*info, now);
  append(faults, key_faults(X509_get0_pubkey(certificate)));
  const bool for_servers = is_for_servers(certificate, *info);
  // A root is believed for other reasons than its signature.
  if (for_servers || X509_self_signed(certificate, 0) != 1) {
    append(faults, signature_faults(X509_get_signature_nid(certificate)));
  }
  if (for_servers) append(faults, server_faults(certificate, *info));
  return faults;
}

}  // namespace transom::pki
