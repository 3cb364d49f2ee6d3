#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <limits>

#include "tls/certificate_info.h"
#include "tls/ocsp.h"
#include "tls/ocsp_handles.h"
#include "tls/openssl_error.h"

namespace transom::tls {
namespace {

Result<OcspResponseHandle> parse(std::string_view der) {
  if (der.size() > kMaxOcspResponse) return fail("the OCSP response is longer than {} octets", kMaxOcspResponse);
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const unsigned char* const end = at + der.size();
  OcspResponseHandle response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())));
  if (!response) {
    return fail("what came is no OCSP response ({}); look at it with: openssl ocsp -respin FILE -text -noverify",
                openssl_reason());
  }
  if (at != end) return fail("{} octets follow the OCSP response", end - at);
  return response;
}

const char* remedy_of(int status) {
  if (status == OCSP_RESPONSE_STATUS_TRYLATER || status == OCSP_RESPONSE_STATUS_INTERNALERROR) {
    return "this is usually over soon";
  }
  if (status == OCSP_RESPONSE_STATUS_UNAUTHORIZED) {
    return "it does not know this certificate: is it very new, or of another authority?";
  }
  return "ask the certificate authority";
}

Result<OcspBasicHandle> basic_of(OCSP_RESPONSE* response) {
  const int status = OCSP_response_status(response);
  if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
    return fail("the OCSP responder refuses to answer ({}); {}", OCSP_response_status_str(status), remedy_of(status));
  }
  OcspBasicHandle basic(OCSP_response_get1_basic(response));
  if (!basic) return fail("the OCSP response has no content that can be understood ({})", openssl_reason());
  return basic;
}

/// Trusts nobody but the issuer, and judges dates at `now`.
StoreHandle store_of(X509* issuer, std::int64_t now) {
  StoreHandle store(X509_STORE_new());
  if (!store || X509_STORE_add_cert(store.get(), issuer) != 1) return nullptr;
  X509_VERIFY_PARAM* parameters = X509_STORE_get0_param(store.get());
  X509_VERIFY_PARAM_set_time(parameters, now);
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  return store;
}

/// OpenSSL's last word is the judgement, the earlier ones are about details.
std::string signature_fault() {
  const unsigned long error = ERR_peek_last_error();
  if (ERR_GET_LIB(error) == ERR_LIB_OCSP) {
    switch (ERR_GET_REASON(error)) {
      case OCSP_R_SIGNER_CERTIFICATE_NOT_FOUND:
        return "it is signed by somebody whose certificate is neither the issuer's nor in the response";
      case OCSP_R_MISSING_OCSPSIGNING_USAGE:
        return "its signer has a certificate of the issuer, but not the right to sign OCSP responses (OCSPSigning)";
      case OCSP_R_SIGNATURE_FAILURE:
        return "its signature is wrong";
      default:
        break;
    }
  }
  const char* reason = ERR_reason_error_string(error);
  return reason == nullptr ? "its signer is not entitled to answer for the issuer" : reason;
}

/// Until when the signature holds: a delegated signer's certificate may end before its responses do.
Result<std::int64_t> signed_until(OCSP_BASICRESP* basic, X509* issuer, std::int64_t now) {
  const StoreHandle store = store_of(issuer, now);
  STACK_OF(X509)* known = sk_X509_new_null();
  const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> owner(known, [](auto* list) { sk_X509_free(list); });
  if (!store || known == nullptr || sk_X509_push(known, issuer) == 0) {
    return fail("cannot verify the OCSP response: {}", openssl_reason());
  }
  if (OCSP_basic_verify(basic, known, store.get(), OCSP_TRUSTOTHER | OCSP_NOEXPLICIT) != 1) {
    return fail("the OCSP response cannot be trusted: {}", signature_fault());
  }
  X509* signer = nullptr;
  if (OCSP_resp_get0_signer(basic, &signer, known) != 1) return fail("the OCSP response names no signer");
  if (signer == issuer) return std::numeric_limits<std::int64_t>::max();
  return seconds_of(X509_get0_notAfter(signer));
}

/// True if the id, in whichever hash it is made, means this certificate.
bool means(const OCSP_CERTID* id, X509* leaf, X509* issuer) {
  ASN1_OBJECT* hash = nullptr;
  if (OCSP_id_get0_info(nullptr, &hash, nullptr, nullptr, const_cast<OCSP_CERTID*>(id)) != 1) return false;
  const EVP_MD* digest = EVP_get_digestbyobj(hash);
  if (digest == nullptr || EVP_MD_get_size(digest) < 20) return false;
  const OcspIdHandle ours(OCSP_cert_to_id(digest, leaf, issuer));
  return ours && OCSP_id_cmp(ours.get(), id) == 0;
}

OCSP_SINGLERESP* answer_about(OCSP_BASICRESP* basic, X509* leaf, X509* issuer) {
  for (int i = 0; i < OCSP_resp_count(basic); ++i) {
    OCSP_SINGLERESP* one = OCSP_resp_get0(basic, i);
    if (means(OCSP_SINGLERESP_get0_id(one), leaf, issuer)) return one;
  }
  return nullptr;
}

bool is_date(const ASN1_GENERALIZEDTIME* time) { return time != nullptr && ASN1_GENERALIZEDTIME_check(time) == 1; }

Result<OcspVerdict> verdict_of(OCSP_SINGLERESP* answer) {
  OcspVerdict verdict;
  int reason = -1;
  ASN1_GENERALIZEDTIME *revoked = nullptr, *this_update = nullptr, *next_update = nullptr;
  const int status = OCSP_single_get0_status(answer, &reason, &revoked, &this_update, &next_update);
  if (!is_date(this_update) || (next_update != nullptr && !is_date(next_update))) {
    return fail("the dates of the OCSP response are malformed");
  }
  verdict.this_update = seconds_of(this_update);
  if (next_update != nullptr) verdict.next_update = seconds_of(next_update);
  verdict.good_until = next_update != nullptr ? verdict.next_update : verdict.this_update + kOcspDefaultLifeS;
  if (status == V_OCSP_CERTSTATUS_GOOD) verdict.status = OcspVerdict::Status::good;
  if (status == V_OCSP_CERTSTATUS_REVOKED) {
    verdict.status = OcspVerdict::Status::revoked;
    if (is_date(revoked)) verdict.revoked_at = seconds_of(revoked);
    if (reason >= 0) verdict.reason = OCSP_crl_reason_str(reason);
  }
  return verdict;
}

Status check_dates(const OcspVerdict& verdict, std::int64_t certificate_end, std::int64_t now) {
  if (verdict.this_update > now + kOcspSkewS) {
    return fail(
        "the OCSP response is from the future: it was made at {}, and the clock of this machine says {}; set the "
        "clock (timedatectl shows whether it is synchronized), or the responder's is wrong",
        utc_text(verdict.this_update), utc_text(now));
  }
  if (verdict.good_until <= now) {
    return fail("the OCSP response has expired: it was good until {}, and the clock of this machine says {}",
                utc_text(verdict.good_until), utc_text(now));
  }
  if (verdict.next_update > certificate_end) {
    return fail("the OCSP response claims to hold until {}, which is after the end of the certificate at {}",
                utc_text(verdict.next_update), utc_text(certificate_end));
  }
  return {};
}

}  // namespace

Result<OcspVerdict> judge_ocsp(std::string_view der, X509* leaf, X509* issuer, std::int64_t now) {
  const ErrorScope errors;
  const auto response = parse(der);
  if (!response) return tl::make_unexpected(response.error());
  const auto basic = basic_of(response->get());
  if (!basic) return tl::make_unexpected(basic.error());
  const auto signature_end = signed_until(basic->get(), issuer, now);
  if (!signature_end) return tl::make_unexpected(signature_end.error());
  OCSP_SINGLERESP* answer = answer_about(basic->get(), leaf, issuer);
  if (answer == nullptr) return fail("the OCSP response speaks of another certificate");
  auto verdict = verdict_of(answer);
  if (!verdict) return verdict;
  const std::int64_t certificate_end = seconds_of(X509_get0_notAfter(leaf));
  if (auto status = check_dates(*verdict, certificate_end, now); !status) return tl::make_unexpected(status.error());
  verdict->good_until = std::min({verdict->good_until, certificate_end, *signature_end});
  return verdict;
}

Result<std::string> ocsp_response_in(const std::string& content) {
  if (content.find("-----BEGIN") == std::string::npos) return content;
  const ErrorScope errors;
  const BioHandle source(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
  char *name = nullptr, *header = nullptr;
  unsigned char* octets = nullptr;
  long length = 0;
  std::string der;
  while (der.empty() && PEM_read_bio(source.get(), &name, &header, &octets, &length) == 1) {
    if (std::string_view(name) == PEM_STRING_OCSP_RESPONSE) {
      der.assign(reinterpret_cast<char*>(octets), static_cast<std::size_t>(length));
    }
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(octets);
  }
  if (der.empty()) return fail("it holds no block that begins with -----BEGIN OCSP RESPONSE-----, and is not DER");
  return der;
}

}  // namespace transom::tls
