#include "tls/chain.h"

#include <algorithm>

#include "tls/certificate_info.h"
#include "tls/openssl_error.h"

namespace transom::tls {
namespace {

bool is_signed_by(X509* subject, X509* issuer) { return X509_verify(subject, X509_get0_pubkey(issuer)) == 1; }

/// Names and key identifiers fit. After an authority has changed its key, there may be several such.
bool is_named_issuer(X509* issuer, X509* subject) { return X509_check_issued(issuer, subject) == X509_V_OK; }

bool issued(X509* issuer, X509* subject) { return is_named_issuer(issuer, subject) && is_signed_by(subject, issuer); }

bool is_self_signed(X509* certificate) { return X509_self_signed(certificate, 0) == 1; }

bool is_available(int digest) {
  const std::unique_ptr<EVP_MD, FreeWith<EVP_MD_free>> found(EVP_MD_fetch(nullptr, OBJ_nid2sn(digest), nullptr));
  return found != nullptr;
}

/// A signature by an algorithm that this OpenSSL does not have or does not let through (MD2, GOST, here and there
/// SHA-1) is neither right nor wrong. Broken hashes are refused as such elsewhere.
bool can_be_judged(X509* certificate) {
  int digest = NID_undef;
  if (X509_get_signature_info(certificate, &digest, nullptr, nullptr, nullptr) != 1) return false;
  return digest == NID_undef || (digest != NID_sha1 && digest != NID_md5 && is_available(digest));
}

void drop_duplicates(std::vector<LoadedCertificate>& pool) {
  for (auto it = pool.begin(); it != pool.end();) {
    const bool seen = std::any_of(pool.begin(), it, [it](const LoadedCertificate& earlier) {
      return X509_cmp(earlier.certificate.get(), it->certificate.get()) == 0;
    });
    it = seen ? pool.erase(it) : it + 1;
  }
}

std::vector<LoadedCertificate> references(const std::vector<LoadedCertificate>& pool) {
  std::vector<LoadedCertificate> copy;
  for (const LoadedCertificate& one : pool) {
    X509_up_ref(one.certificate.get());
    copy.push_back({CertificateHandle(one.certificate.get()), one.file});
  }
  return copy;
}

LoadedCertificate take(std::vector<LoadedCertificate>& pool, std::vector<LoadedCertificate>::iterator it) {
  LoadedCertificate taken = std::move(*it);
  pool.erase(it);
  return taken;
}

/// Who should have signed `subject` and has not, where nobody else has; null: all is well, as far as can be told.
const LoadedCertificate* false_issuer(const LoadedCertificate& subject, const std::vector<LoadedCertificate>& all) {
  X509* certificate = subject.certificate.get();
  const LoadedCertificate* named = is_self_signed(certificate) ? &subject : nullptr;
  if (!can_be_judged(certificate) || (named != nullptr && is_signed_by(certificate, certificate))) return nullptr;
  for (const LoadedCertificate& other : all) {
    if (!is_named_issuer(other.certificate.get(), certificate)) continue;
    if (is_signed_by(certificate, other.certificate.get())) return nullptr;
    if (named == nullptr) named = &other;
  }
  return named;
}

/// An error where an intermediate should have signed it. A root is not sent, so that one of the right name and the
/// wrong key is only of no use.
Status check_signature(const LoadedCertificate& subject, const std::vector<LoadedCertificate>& all,
                       std::vector<std::string>& warnings) {
  const LoadedCertificate* named = false_issuer(subject, all);
  if (named == nullptr) return {};
  const std::string name = subject_name(subject.certificate.get());
  if (named == &subject) {
    warnings.push_back(
        fmt::format("{}: the certificate \"{}\" says that it is signed by itself, but its signature does not fit its "
                    "key: the file is damaged, or an authority of the same name has signed it; get it anew",
                    subject.file, name));
    return {};
  }
  if (is_self_signed(named->certificate.get())) return {};
  return fail(
      "{}: the signature of the certificate \"{}\" does not fit the key of \"{}\": {} is damaged or holds "
      "another authority's certificate of the same name; get {} anew from who issued the certificate",
      subject.file, name, subject_name(named->certificate.get()),
      named->file == subject.file ? "the file" : "one of it and " + named->file,
      named->file == subject.file ? "it" : "both");
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

Result<Chain> build_chain(std::vector<LoadedCertificate> pool, EVP_PKEY* key, std::vector<std::string>& warnings) {
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
  const std::vector<LoadedCertificate> all = references(pool);
  LoadedCertificate first = take(pool, leaf);
  if (auto good = check_signature(first, all, warnings); !good) return tl::make_unexpected(good.error());
  chain.leaf = std::move(first.certificate);
  take_issuers_of(chain.leaf.get(), pool, chain);
  for (std::size_t i = 0; i < chain.above.size(); ++i) {
    if (auto good = check_signature(chain.above[i], all, warnings); !good) return tl::make_unexpected(good.error());
    take_issuers_of(chain.above[i].certificate.get(), pool, chain);
  }
  for (const LoadedCertificate& stranger : pool) {
    warnings.push_back(fmt::format("{}: the certificate \"{}\" issued nothing in the chain and is not sent",
                                   stranger.file, subject_name(stranger.certificate.get())));
  }
  return chain;
}

}  // namespace transom::tls
