#include "pki/verify.h"

#include <openssl/x509_vfy.h>

#include <algorithm>

#include "pki/bundle.h"
#include "pki/faults.h"
#include "pki/printable.h"
#include "tls/certificate_info.h"
#include "tls/openssl_error.h"

namespace transom::pki {
namespace {

using tls::FreeWith;
using StoreContextHandle = std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>>;
using StackHandle = std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)>;

constexpr int kAuthLevel = 2;  // keys of 112 bits, no SHA-1: what browsers ask for

bool is_address(const std::string& host) {
  const std::unique_ptr<ASN1_OCTET_STRING, FreeWith<ASN1_OCTET_STRING_free>> address(a2i_IPADDRESS(host.c_str()));
  return address != nullptr;
}

/// Borrowed members.
StackHandle stack_of(const tls::Chain& chain) {
  StackHandle stack(sk_X509_new_null(), [](STACK_OF(X509) * list) { sk_X509_free(list); });
  for (const tls::LoadedCertificate& one : chain.above) sk_X509_push(stack.get(), one.certificate.get());
  return stack;
}

std::string names_of(X509* leaf) {
  const auto info = tls::certificate_info(leaf);
  std::string list;
  for (const auto* names : {&info->dns_names, &info->ip_addresses}) {
    for (const std::string& name : *names) list += (list.empty() ? "" : ", ") + name;
  }
  return list.empty() ? "no name" : printable(list, true);
}

std::string missing_issuer(X509* certificate) {
  const std::string url = issuer_url(certificate);
  const auto info = tls::certificate_info(certificate);
  return fmt::format(
      "The issuer of \"{}\" is neither sent nor trusted: \"{}\". Put it behind the certificate (transom cert bundle), "
      "or trust it if it is the root of your own authority (--ca FILE).{}",
      printable(info->subject), printable(info->issuer), url.empty() ? "" : fmt::format(" It is offered at {}", url));
}

std::string reason(X509_STORE_CTX* context, X509* leaf, const std::string& host) {
  const int error = X509_STORE_CTX_get_error(context);
  X509* at = X509_STORE_CTX_get_current_cert(context);
  if (at == nullptr) at = leaf;
  switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return missing_issuer(at);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return "It is self-signed: browsers refuse it until it is imported into each of them. With an authority of your "
             "own (`transom ca init`) only that is imported, once.";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return fmt::format("The root \"{}\" is not trusted here: name it by --ca FILE.",
                         printable(tls::subject_name(at)));
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return fmt::format("It is not for \"{}\", but for {}.", host, names_of(leaf));
    case X509_V_ERR_INVALID_PURPOSE:
      if (at == leaf) return "It is not for servers: its extendedKeyUsage lacks serverAuth.";
      [[fallthrough]];
    default:
      return fmt::format("\"{}\": {}.", printable(tls::subject_name(at)), X509_verify_cert_error_string(error));
  }
}

/// What `certificate_faults` says in better words.
bool said_elsewhere(int error) {
  return error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID ||
         error == X509_V_ERR_EE_KEY_TOO_SMALL || error == X509_V_ERR_CA_MD_TOO_WEAK;
}

struct Found {
  std::vector<std::string> refusals;
  X509* leaf;
  const std::string* host;
};

/// Called for each objection; lets OpenSSL look for more.
int collect(int ok, X509_STORE_CTX* context) {
  if (ok == 1) return 1;
  auto& found = *static_cast<Found*>(X509_STORE_CTX_get_app_data(context));
  const bool of_leaf = X509_STORE_CTX_get_error_depth(context) == 0;
  if (of_leaf && said_elsewhere(X509_STORE_CTX_get_error(context))) return 1;
  std::string text = reason(context, found.leaf, *found.host);
  if (std::find(found.refusals.begin(), found.refusals.end(), text) == found.refusals.end()) {
    found.refusals.push_back(std::move(text));
  }
  return 1;
}

void aim(X509_VERIFY_PARAM* how, const std::string& host, std::int64_t now) {
  X509_VERIFY_PARAM_set_purpose(how, X509_PURPOSE_SSL_SERVER);
  X509_VERIFY_PARAM_set_auth_level(how, kAuthLevel);
  X509_VERIFY_PARAM_set_time(how, now);
  if (is_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(how, host.c_str());
  } else if (!host.empty()) {
    X509_VERIFY_PARAM_set_hostflags(how, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    X509_VERIFY_PARAM_set1_host(how, host.data(), host.size());
  }
}

std::vector<std::string> verify(const tls::Chain& chain, const Authorities& authorities, const std::string& host,
                                std::int64_t now) {
  const StackHandle above = stack_of(chain);
  const StoreContextHandle context(X509_STORE_CTX_new());
  if (!context || X509_STORE_CTX_init(context.get(), authorities.store.get(), chain.leaf.get(), above.get()) != 1) {
    return {"It cannot be verified: " + tls::openssl_reason()};
  }
  Found found{{}, chain.leaf.get(), &host};
  X509_STORE_CTX_set_app_data(context.get(), &found);
  X509_STORE_CTX_set_verify_cb(context.get(), collect);
  aim(X509_STORE_CTX_get0_param(context.get()), host, now);
  if (X509_verify_cert(context.get()) < 0 && found.refusals.empty()) {
    found.refusals.push_back("It cannot be verified: " + tls::openssl_reason());
  }
  return found.refusals;
}

}  // namespace

Result<Authorities> system_authorities() {
  const tls::ErrorScope errors;
  Authorities made;
  made.store.reset(X509_STORE_new());
  if (!made.store || X509_STORE_set_default_paths(made.store.get()) != 1) {
    return fail("cannot load the system's certificate authorities: {}", tls::openssl_reason());
  }
  return made;
}

Result<Authorities> own_authorities(const std::vector<tls::LoadedCertificate>& certificates) {
  const tls::ErrorScope errors;
  Authorities made;
  made.store.reset(X509_STORE_new());
  made.own = true;
  if (!made.store) return fail("out of memory");
  const auto is_root = [](const tls::LoadedCertificate& one) {
    return X509_self_signed(one.certificate.get(), 0) == 1;
  };
  const bool roots = std::any_of(certificates.begin(), certificates.end(), is_root);
  if (!roots) X509_STORE_set_flags(made.store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  for (const tls::LoadedCertificate& one : certificates) {
    if (roots && !is_root(one)) continue;
    if (X509_STORE_add_cert(made.store.get(), one.certificate.get()) != 1) {
      return fail("{}: {}", one.file, tls::openssl_reason());
    }
  }
  return made;
}

bool knows_issuer_of(const Authorities& authorities, X509* certificate) {
  const tls::ErrorScope errors;
  const StoreContextHandle context(X509_STORE_CTX_new());
  X509* issuer = nullptr;
  const bool known = context && X509_STORE_CTX_init(context.get(), authorities.store.get(), nullptr, nullptr) == 1 &&
                     X509_STORE_CTX_get1_issuer(&issuer, context.get(), certificate) == 1;
  X509_free(issuer);
  return known;
}

std::vector<std::string> browser_refusals(const tls::Chain& chain, const Authorities& authorities,
                                          const std::string& host, std::int64_t now) {
  const tls::ErrorScope errors;
  std::vector<std::string> refusals = certificate_faults(chain.leaf.get(), now);
  for (std::string& more : verify(chain, authorities, host, now)) refusals.push_back(std::move(more));
  const auto info = tls::certificate_info(chain.leaf.get());
  const std::int64_t life = info->not_after - info->not_before + 1;
  const bool self_signed = X509_self_signed(chain.leaf.get(), 0) == 1;
  if (!authorities.own && !self_signed && life > kLongestPublicLife && life <= kLongestLife) {
    refusals.push_back(
        fmt::format("It is valid for {} days: browsers take at most 398 from public authorities.", life / kDaySeconds));
  }
  return refusals;
}

}  // namespace transom::pki
