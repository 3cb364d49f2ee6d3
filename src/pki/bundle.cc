#include "pki/bundle.h"

#include <openssl/x509v3.h>

#include <algorithm>

#include "pki/printable.h"
#include "tls/certificate_builder.h"
#include "tls/certificate_info.h"
#include "tls/openssl_error.h"

namespace transom::pki {
namespace {

using Heap = std::vector<tls::LoadedCertificate>;

bool issued(X509* issuer, X509* subject) {
  return X509_check_issued(issuer, subject) == X509_V_OK && X509_verify(subject, X509_get0_pubkey(issuer)) == 1;
}

bool is_authority(X509* certificate) { return (X509_get_extension_flags(certificate) & EXFLAG_CA) != 0; }

bool issued_another(X509* certificate, const Heap& heap) {
  return std::any_of(heap.begin(), heap.end(), [certificate](const tls::LoadedCertificate& other) {
    return X509_cmp(certificate, other.certificate.get()) != 0 && issued(certificate, other.certificate.get());
  });
}

template <typename Wanted>
std::vector<X509*> different_ones(const Heap& heap, Wanted wanted) {
  std::vector<X509*> found;
  for (const tls::LoadedCertificate& one : heap) {
    X509* certificate = one.certificate.get();
    const bool seen = std::any_of(found.begin(), found.end(),
                                  [certificate](X509* earlier) { return X509_cmp(earlier, certificate) == 0; });
    if (!seen && wanted(certificate)) found.push_back(certificate);
  }
  return found;
}

Result<X509*> only_leaf(const Heap& heap) {
  auto leaves = different_ones(heap, [](X509* one) { return !is_authority(one); });
  if (leaves.empty()) leaves = different_ones(heap, [&heap](X509* one) { return !issued_another(one, heap); });
  if (leaves.size() == 1) return leaves.front();
  std::string list;
  for (X509* leaf : leaves)
    list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", printable(tls::subject_name(leaf)));
  return fail("there is more than one certificate that the chain could be for: {}; say which by its key: --key FILE",
              list);
}

Heap references(const Heap& heap) {
  Heap copy;
  for (const tls::LoadedCertificate& one : heap) {
    X509_up_ref(one.certificate.get());
    copy.push_back({tls::CertificateHandle(one.certificate.get()), one.file});
  }
  return copy;
}

/// Of the last one whose issuer is missing.
X509* open_end_of(const tls::Chain& chain, const Heap& heap) {
  X509* last = chain.above.empty() ? chain.leaf.get() : chain.above.back().certificate.get();
  const bool closed = X509_self_signed(last, 0) == 1 ||
                      std::any_of(heap.begin(), heap.end(), [last](const tls::LoadedCertificate& one) {
                        return issued(one.certificate.get(), last);
                      });
  return closed ? nullptr : last;
}

}  // namespace

Result<Bundle> make_bundle(std::vector<tls::LoadedCertificate> heap, EVP_PKEY* key) {
  const tls::ErrorScope errors;
  if (heap.empty()) return fail("there is no certificate in these files");
  const Heap all = references(heap);
  if (key == nullptr) {
    const auto leaf = only_leaf(all);
    if (!leaf) return tl::make_unexpected(leaf.error());
    key = X509_get0_pubkey(*leaf);
  }
  if (key == nullptr) return fail("the certificate has a key of a kind that is not known here");
  // First where people look for it; that it stood elsewhere is nothing to tell.
  std::stable_partition(heap.begin(), heap.end(), [key](const tls::LoadedCertificate& one) {
    return X509_check_private_key(one.certificate.get(), key) == 1;
  });
  Bundle bundle;
  auto chain = tls::build_chain(std::move(heap), key, bundle.notes);
  if (!chain) return tl::make_unexpected(chain.error());
  bundle.chain = std::move(*chain);
  if (!bundle.chain.leaf) return fail("the key belongs to none of the certificates");
  bundle.open_end = open_end_of(bundle.chain, all);
  return bundle;
}

Result<std::string> bundle_pem(const tls::Chain& chain) {
  auto pem = tls::certificate_pem(chain.leaf.get());
  for (const tls::LoadedCertificate& one : chain.above) {
    const auto more = tls::certificate_pem(one.certificate.get());
    if (!pem || !more) break;
    *pem += *more;
  }
  return pem;
}

std::string issuer_url(X509* certificate) {
  const std::unique_ptr<AUTHORITY_INFO_ACCESS, tls::FreeWith<AUTHORITY_INFO_ACCESS_free>> access(
      static_cast<AUTHORITY_INFO_ACCESS*>(X509_get_ext_d2i(certificate, NID_info_access, nullptr, nullptr)));
  for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access.get()); ++i) {
    const ACCESS_DESCRIPTION* one = sk_ACCESS_DESCRIPTION_value(access.get(), i);
    if (OBJ_obj2nid(one->method) != NID_ad_ca_issuers || one->location->type != GEN_URI) continue;
    const ASN1_IA5STRING* url = one->location->d.uniformResourceIdentifier;
    const std::string text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(url)),
                           static_cast<std::size_t>(ASN1_STRING_length(url)));
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
    if (plain && text.starts_with("http") && text.size() < 500) return text;
  }
  return "";
}

}  // namespace transom::pki
