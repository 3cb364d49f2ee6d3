#include "grade/certificate_facts.h"

#include <openssl/err.h>

#include <algorithm>

#include "tls/openssl_error.h"
#include "tls/pem_file.h"

namespace transom::grade {
namespace {

using tls::CertificateHandle;
using tls::FreeWith;
using StackHandle = std::unique_ptr<STACK_OF(X509), decltype([](STACK_OF(X509) * stack) { sk_X509_free(stack); })>;
using VerifyHandle = std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>>;
using AccessHandle = std::unique_ptr<AUTHORITY_INFO_ACCESS, FreeWith<AUTHORITY_INFO_ACCESS_free>>;

Result<CertificateHandle> read_der(const Octets& der) {
  const unsigned char* at = der.data();
  CertificateHandle certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate) return fail("the server sent a certificate that cannot be read: {}", tls::openssl_reason());
  return certificate;
}

Result<std::vector<CertificateHandle>> read_all(const std::vector<Octets>& chain) {
  std::vector<CertificateHandle> certificates;
  for (const Octets& der : chain) {
    auto certificate = read_der(der);
    if (!certificate) return tl::make_unexpected(certificate.error());
    certificates.push_back(std::move(*certificate));
  }
  return certificates;
}

void read_key(X509* certificate, CertificateFacts& facts) {
  const EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (key == nullptr) {
    facts.key_type = "unknown";
    return;
  }
  const char* name = EVP_PKEY_get0_type_name(key);
  facts.key_type = name == nullptr ? "unknown" : name;
  facts.key_bits = EVP_PKEY_get_bits(key);
  char curve[64] = "";
  std::size_t length = 0;
  if (EVP_PKEY_get_group_name(const_cast<EVP_PKEY*>(key), curve, sizeof curve, &length) == 1) facts.curve = curve;
  BIGNUM* exponent = nullptr;
  if (EVP_PKEY_get_bn_param(key, "e", &exponent) == 1) facts.exponent_one = BN_is_one(exponent) == 1;
  BN_free(exponent);
}

void read_signature(X509* certificate, CertificateFacts& facts) {
  int hash = NID_undef;
  const int scheme = X509_get_signature_nid(certificate);
  facts.signature = scheme == NID_undef ? "unknown" : OBJ_nid2ln(scheme);
  if (X509_get_signature_info(certificate, &hash, nullptr, nullptr, nullptr) == 1 && hash != NID_undef) {
    facts.signature_hash = OBJ_nid2sn(hash);
  }
}

Result<CertificateFacts> facts_of(X509* certificate) {
  auto info = tls::certificate_info(certificate);
  if (!info) return tl::make_unexpected(info.error());
  CertificateFacts facts;
  facts.info = std::move(*info);
  read_key(certificate, facts);
  read_signature(certificate, facts);
  facts.self_signed = X509_self_signed(certificate, 1) == 1;
  return facts;
}

/// Lets the verification go on after a fault, so that all of them are known in the end.
int keep_going(int ok, X509_STORE_CTX* context) {
  if (ok == 1) return 1;
  auto* errors = static_cast<std::vector<int>*>(X509_STORE_CTX_get_app_data(context));
  const int error = X509_STORE_CTX_get_error(context);
  if (std::find(errors->begin(), errors->end(), error) == errors->end()) errors->push_back(error);
  return 1;
}

bool was_sent(const X509* certificate, const std::vector<CertificateHandle>& sent) {
  return std::any_of(sent.begin(), sent.end(),
                     [&](const CertificateHandle& one) { return X509_cmp(one.get(), certificate) == 0; });
}

/// Whether the verified chain, but for its root, has something that the server did not send.
bool needs_more(X509_STORE_CTX* context, const std::vector<CertificateHandle>& sent) {
  const STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(context);
  for (int i = 0; i + 1 < sk_X509_num(chain); ++i) {
    if (!was_sent(sk_X509_value(chain, i), sent)) return true;
  }
  return false;
}

struct Verdict {
  std::vector<int> errors;
  bool needs_more = false;
};

Result<Verdict> verify(const std::vector<CertificateHandle>& sent, const std::vector<CertificateHandle>& extra,
                       X509_STORE* trust, std::int64_t now) {
  Verdict verdict;
  const StackHandle others(sk_X509_new_null());
  for (const CertificateHandle& one : sent) sk_X509_push(others.get(), one.get());
  for (const CertificateHandle& one : extra) sk_X509_push(others.get(), one.get());
  const VerifyHandle context(X509_STORE_CTX_new());
  if (!others || !context || X509_STORE_CTX_init(context.get(), trust, sent.front().get(), others.get()) != 1) {
    return fail("cannot verify the chain: {}", tls::openssl_reason());
  }
  X509_STORE_CTX_set_default(context.get(), "ssl_server");
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(rules, now);
  X509_VERIFY_PARAM_set_auth_level(rules, 0);  // weak keys and hashes have rules of their own
  X509_STORE_CTX_set_app_data(context.get(), &verdict.errors);
  X509_STORE_CTX_set_verify_cb(context.get(), keep_going);
  if (X509_verify_cert(context.get()) < 0 && verdict.errors.empty()) verdict.errors.push_back(X509_V_ERR_UNSPECIFIED);
  verdict.needs_more = needs_more(context.get(), sent);
  return verdict;
}

void apply(const Verdict& verdict, ChainFacts& facts) {
  for (const int error : verdict.errors) {
    facts.expired = facts.expired || error == X509_V_ERR_CERT_HAS_EXPIRED;
    facts.not_yet_valid = facts.not_yet_valid || error == X509_V_ERR_CERT_NOT_YET_VALID;
    facts.unknown_issuer = facts.unknown_issuer || error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
    // It follows from the unknown issuer and says nothing more.
    if (error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE && verdict.errors.size() > 1) continue;
    facts.problems.emplace_back(X509_verify_cert_error_string(error));
  }
  facts.incomplete = facts.trusted() && verdict.needs_more;
}

bool matches(X509* leaf, const std::string& host) {
  return X509_check_ip_asc(leaf, host.c_str(), 0) == 1 ||
         X509_check_host(leaf, host.data(), host.size(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) == 1;
}

}  // namespace

Result<StoreHandle> make_trust(const std::string& ca_file) {
  const tls::ErrorScope errors;
  StoreHandle store(X509_STORE_new());
  if (!store || X509_STORE_set_default_paths(store.get()) != 1) return fail("cannot read the system's authorities");
  if (ca_file.empty()) return store;
  const auto pem = tls::read_pem_file(ca_file, "CA", tls::max_pem_octets, FileKinds::any);
  if (!pem) return tl::make_unexpected(pem.error());
  const auto roots = tls::parse_certificates(*pem, ca_file);
  if (!roots) return tl::make_unexpected(roots.error());
  for (const tls::LoadedCertificate& root : *roots) {
    if (X509_STORE_add_cert(store.get(), root.certificate.get()) != 1) return fail("out of memory");
  }
  return store;
}

Result<ChainFacts> judge_chain(const std::vector<Octets>& chain, const std::vector<Octets>& extra, X509_STORE* trust,
                               const std::string& host, std::int64_t now) {
  const tls::ErrorScope errors;
  const auto sent = read_all(chain);
  if (!sent) return tl::make_unexpected(sent.error());
  std::vector<CertificateHandle> others;
  for (const Octets& one : extra) {
    if (auto certificate = read_der(one)) others.push_back(std::move(*certificate));
  }
  ChainFacts facts;
  for (const CertificateHandle& certificate : *sent) {
    auto one = facts_of(certificate.get());
    if (!one) return tl::make_unexpected(one.error());
    facts.certificates.push_back(std::move(*one));
  }
  facts.name_matches = matches(sent->front().get(), host);
  const auto verdict = verify(*sent, others, trust, now);
  if (!verdict) return tl::make_unexpected(verdict.error());
  apply(*verdict, facts);
  return facts;
}

std::string issuer_url(const Octets& der) {
  const tls::ErrorScope errors;
  const auto certificate = read_der(der);
  if (!certificate) return "";
  const AccessHandle access(
      static_cast<AUTHORITY_INFO_ACCESS*>(X509_get_ext_d2i(certificate->get(), NID_info_access, nullptr, nullptr)));
  for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access.get()); ++i) {
    const ACCESS_DESCRIPTION* entry = sk_ACCESS_DESCRIPTION_value(access.get(), i);
    if (OBJ_obj2nid(entry->method) != NID_ad_ca_issuers || entry->location->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = entry->location->d.uniformResourceIdentifier;
    std::string url(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                    static_cast<std::size_t>(ASN1_STRING_length(uri)));
    if (url.starts_with("http://")) return url;
  }
  return "";
}

StapleFacts read_staple(ByteSpan response) {
  const tls::ErrorScope errors;
  StapleFacts facts;
  const unsigned char* at = response.data();
  const std::unique_ptr<OCSP_RESPONSE, FreeWith<OCSP_RESPONSE_free>> whole(
      d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(response.size())));
  const std::unique_ptr<OCSP_BASICRESP, FreeWith<OCSP_BASICRESP_free>> basic(
      whole ? OCSP_response_get1_basic(whole.get()) : nullptr);
  OCSP_SINGLERESP* single = basic ? OCSP_resp_get0(basic.get(), 0) : nullptr;
  if (single == nullptr) {
    facts.status = "unreadable";
    return facts;
  }
  ASN1_GENERALIZEDTIME *this_update = nullptr, *next_update = nullptr;
  facts.status = OCSP_cert_status_str(OCSP_single_get0_status(single, nullptr, nullptr, &this_update, &next_update));
  if (this_update != nullptr) facts.this_update = tls::seconds_of(this_update);
  if (next_update != nullptr) facts.next_update = tls::seconds_of(next_update);
  return facts;
}

}  // namespace transom::grade
