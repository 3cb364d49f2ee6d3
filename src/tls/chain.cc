#include "tls/chain.h"

#include <algorithm>

#include "tls/certificate_info.h"
#include "tls/openssl_error.h"

namespace transom::tls {
namespace {

bool is_self_signed(X509* certificate) { return X509_self_signed(certificate, 0) == 1; }

/// Names and key identifiers fit; whether the signature is right is checked as well, so that a renewed intermediate
/// of the same name is not taken for the old one.
bool issued(X509* issuer, X509* subject) {
  return X509_check_issued(issuer, subject) == X509_V_OK && X509_verify(subject, X509_get0_pubkey(issuer)) == 1;
}

void drop_duplicates(std::vector<LoadedCertificate>& pool) {
  for (auto it = pool.begin(); it != pool.end();) {
    const bool seen = std::any_of(pool.begin(), it, [it](const LoadedCertificate& earlier) {
      return X509_cmp(earlier.certificate.get(), it->certificate.get()) == 0;
    });
    it = seen ? pool.erase(it) : it + 1;
  }
}

LoadedCertificate take(std::vector<LoadedCertificate>& pool, std::vector<LoadedCertificate>::iterator it) {
  LoadedCertificate taken = std::move(*it);
  pool.erase(it);
  return taken;
}

/// Moves from `pool` into `chain` whatever issued `subject`: more than one where authorities have cross-signed.
void take_issuers_of(X509* subject, std::vector<LoadedCertificate>& pool, Chain& chain) {
  for (auto it = pool.begin(); it != pool.end();) {
    if (!issued(it->certificate.get(), subject)) {
      ++it;
      continue;
    }
    LoadedCertificate issuer = std::move(*it);
    it = pool.erase(it);
    if (!chain.issuer && X509_up_ref(issuer.certificate.get()) == 1) chain.issuer.reset(issuer.certificate.get());
    if (!is_self_signed(issuer.certificate.get())) chain.above.push_back(std::move(issuer));
  }
}

}  // namespace

Chain build_chain(std::vector<LoadedCertificate> pool, EVP_PKEY* key, std::vector<std::string>& warnings) {
  const ErrorScope errors;
  Chain chain;
  drop_duplicates(pool);
  const auto leaf = std::find_if(pool.begin(), pool.end(), [key](const LoadedCertificate& candidate) {
    return X509_check_private_key(candidate.certificate.get(), key) == 1;
  });
  if (leaf == pool.end()) return chain;
  if (leaf != pool.begin()) {
    warnings.push_back(
        fmt::format("{}: the certificate of the key is not the first; it is sent first all the same", leaf->file));
  }
  chain.leaf = take(pool, leaf).certificate;
  take_issuers_of(chain.leaf.get(), pool, chain);
  for (std::size_t i = 0; i < chain.above.size(); ++i) {
    take_issuers_of(chain.above[i].certificate.get(), pool, chain);
  }
  for (const LoadedCertificate& stranger : pool) {
    warnings.push_back(fmt::format("{}: the certificate \"{}\" issued nothing in the chain and is not sent",
                                   stranger.file, subject_name(stranger.certificate.get())));
  }
  return chain;
}

}  // namespace transom::tls
