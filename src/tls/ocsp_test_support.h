// For tests and fuzzers only: an authority that answers OCSP, rightly or wrongly.
#pragma once
#include "tls/ocsp.h"
#include "tls/ocsp_handles.h"
#include "tls/test_support.h"

namespace transom::tls::test {

inline constexpr std::int64_t ocsp_now = 1'800'000'000;  // 2027-01-15

/// What a response is to say; a good one by default.
struct OcspAnswer {
  int status = V_OCSP_CERTSTATUS_GOOD;
  int reason = OCSP_REVOKED_STATUS_NOSTATUS;
  std::int64_t this_update = ocsp_now - 600;
  std::int64_t next_update = ocsp_now + 86'400;  // 0: none
  const EVP_MD* id_hash = EVP_sha1();
  const Identity* signer = nullptr;  // null: the issuer of the certificate
  bool with_signer_certificate = true;
};

using DateHandle = std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>>;
inline DateHandle date(std::int64_t seconds) {
  return DateHandle(seconds == 0 ? nullptr : ASN1_GENERALIZEDTIME_set(nullptr, static_cast<time_t>(seconds)));
}

inline std::string response_der(OCSP_RESPONSE* response) {
  unsigned char* octets = nullptr;
  const int length = i2d_OCSP_RESPONSE(response, &octets);
  std::string der(reinterpret_cast<char*>(octets), static_cast<std::size_t>(length));
  OPENSSL_free(octets);
  return der;
}

inline std::string answer_ocsp(X509* leaf, const Identity& issuer, const OcspAnswer& answer = {}) {
  const OcspBasicHandle basic(OCSP_BASICRESP_new());
  const OcspIdHandle id(OCSP_cert_to_id(answer.id_hash, leaf, issuer.certificate.get()));
  const DateHandle revoked = date(answer.this_update - 60);
  const DateHandle this_update = date(answer.this_update);
  const DateHandle next_update = date(answer.next_update);
  OCSP_basic_add1_status(basic.get(), id.get(), answer.status, answer.reason,
                         answer.status == V_OCSP_CERTSTATUS_REVOKED ? revoked.get() : nullptr, this_update.get(),
                         next_update.get());
  const Identity& signer = answer.signer == nullptr ? issuer : *answer.signer;
  if (OCSP_basic_sign(basic.get(), signer.certificate.get(), signer.key.get(), EVP_sha256(), nullptr,
                      answer.with_signer_certificate ? 0 : OCSP_NOCERTS) != 1) {
    throw std::runtime_error("cannot sign an OCSP response");
  }
  const OcspResponseHandle response(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
  return response_der(response.get());
}

/// A refusal, e.g. OCSP_RESPONSE_STATUS_TRYLATER.
inline std::string refuse_ocsp(int status) {
  const OcspResponseHandle response(OCSP_response_create(status, nullptr));
  return response_der(response.get());
}

inline Extensions leaf_extensions(const std::string& responder, bool insists = false) {
  Extensions all = server_extensions("DNS:localhost");
  if (!responder.empty()) all.emplace_back(NID_info_access, "OCSP;URI:" + responder);
  if (insists) all.emplace_back(NID_tlsfeature, "status_request");
  return all;
}

}  // namespace transom::tls::test
