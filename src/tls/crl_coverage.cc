#include "tls/crl_coverage.h"

#include <algorithm>

#include "tls/certificate_info.h"

namespace transom::tls {
namespace {

constexpr std::size_t max_names = 3;  // in a message

bool names(const LoadedCrl& crl, const LoadedCertificate& authority) {
  return X509_NAME_cmp(X509_CRL_get_issuer(crl.crl.get()), X509_get_subject_name(authority.certificate.get())) == 0;
}

/// An authority may have several certificates of one name, each with its own key.
bool is_from(const LoadedCrl& crl, const LoadedCertificate& authority) {
  return names(crl, authority) && X509_CRL_verify(crl.crl.get(), X509_get0_pubkey(authority.certificate.get())) == 1;
}

/// "CN=A", "CN=B" and 2 more.
std::string list_of(std::vector<std::string> all) {
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  std::string text;
  for (std::size_t i = 0; i < all.size() && i < max_names; ++i) {
    text += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", all[i]);
  }
  return all.size() <= max_names ? text : fmt::format("{} and {} more", text, all.size() - max_names);
}

/// That may be meant: not every root publishes a list, and clients may send an intermediate along that has one.
std::string none_has_one(const std::vector<LoadedCrl>& crls, const std::vector<LoadedCertificate>& authorities) {
  std::vector<std::string> given, wanted;
  for (const LoadedCrl& crl : crls) given.push_back(crl.issuer());
  for (const LoadedCertificate& one : authorities) wanted.push_back(subject_name(one.certificate.get()));
  return fmt::format(
      "{}: the revocation list is of {}, and no CA of `ca_certificates` ({}) has one: only clients that send the "
      "certificate of that issuer along get in, all others are refused; if that is not meant, name the right list in "
      "`crl`",
      crls.front().file, list_of(std::move(given)), list_of(std::move(wanted)));
}

tl::unexpected<Error> wrong_signer(const LoadedCrl& crl) {
  return fail(
      "{}: the revocation list of \"{}\" is not signed by the CA of that name in `ca_certificates`: fetch the list "
      "from that CA; if the CA has a new key, add its new certificate to `ca_certificates`",
      crl.file, crl.issuer());
}

bool any_names(const LoadedCrl& crl, const std::vector<LoadedCertificate>& authorities) {
  return std::any_of(authorities.begin(), authorities.end(),
                     [&crl](const LoadedCertificate& one) { return names(crl, one); });
}

bool any_signed(const LoadedCrl& crl, const std::vector<LoadedCertificate>& authorities) {
  return std::any_of(authorities.begin(), authorities.end(),
                     [&crl](const LoadedCertificate& one) { return is_from(crl, one); });
}

void warn_of_gaps(const std::vector<LoadedCrl>& crls, const std::vector<LoadedCertificate>& authorities,
                  const std::vector<const LoadedCertificate*>& without, std::vector<std::string>& warnings) {
  for (const LoadedCertificate* one : without) {
    warnings.push_back(
        fmt::format("{}: the CA \"{}\" has no revocation list in `crl`, as others have: clients whose certificates it "
                    "issued are refused; add its list",
                    one->file, subject_name(one->certificate.get())));
  }
  for (const LoadedCrl& crl : crls) {
    if (any_names(crl, authorities)) continue;
    warnings.push_back(
        fmt::format("{}: the revocation list is of \"{}\", which is no CA of `ca_certificates`: it counts only for "
                    "clients that send that CA's certificate along; if that is not meant, take it away",
                    crl.file, crl.issuer()));
  }
}

}  // namespace

Status check_crl_coverage(const std::vector<LoadedCrl>& crls, const std::vector<LoadedCertificate>& authorities,
                          std::vector<std::string>& warnings) {
  if (crls.empty()) return {};
  for (const LoadedCrl& crl : crls) {
    if (any_names(crl, authorities) && !any_signed(crl, authorities)) return wrong_signer(crl);
  }
  std::vector<const LoadedCertificate*> without;
  for (const LoadedCertificate& one : authorities) {
    if (std::none_of(crls.begin(), crls.end(), [&one](const LoadedCrl& crl) { return is_from(crl, one); })) {
      without.push_back(&one);
    }
  }
  if (without.size() == authorities.size()) {
    warnings.push_back(none_has_one(crls, authorities));
  } else if (!without.empty()) {
    warn_of_gaps(crls, authorities, without, warnings);
  }  // else: where each has its own, what is left are lists of intermediates that come with the clients
  return {};
}

}  // namespace transom::tls
