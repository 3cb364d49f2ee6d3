#include "pki/authority_ocsp.h"

#include <algorithm>

#include "pki/authority_crl.h"
#include "tls/ocsp_handles.h"
#include "tls/openssl_error.h"

namespace transom::pki {
namespace {

using DateHandle = std::unique_ptr<ASN1_TIME, tls::FreeWith<ASN1_TIME_free>>;

constexpr int kMaxQuestions = 16;
constexpr int kMaxNonce = 128;             // RFC 9654
constexpr int kMaxPlaces = 8;              // in a target where a request may begin
constexpr std::int64_t kClockSkew = 3600;  // answers begin this long before now, as certificates do

struct Times {
  std::int64_t now, valid_s;
};

std::string response_der(int status, OCSP_BASICRESP* basic) {
  const tls::OcspResponseHandle response(OCSP_response_create(status, basic));
  unsigned char* octets = nullptr;
  const int length = response ? i2d_OCSP_RESPONSE(response.get(), &octets) : 0;
  if (length <= 0) return "";
  std::string der(reinterpret_cast<char*>(octets), static_cast<std::size_t>(length));
  OPENSSL_free(octets);
  return der;
}

OcspAnswer refuse(int status, std::string problem) { return {response_der(status, nullptr), std::move(problem)}; }

/// Whether the question is about a certificate of `issuer`, by whatever hash it asks.
bool about(OCSP_CERTID* id, X509* issuer) {
  ASN1_OBJECT* algorithm = nullptr;
  ASN1_INTEGER* serial = nullptr;
  if (OCSP_id_get0_info(nullptr, &algorithm, nullptr, &serial, id) != 1) return false;
  const EVP_MD* digest = EVP_get_digestbyobj(algorithm);
  if (digest == nullptr) return false;
  const tls::OcspIdHandle ours(
      OCSP_cert_id_new(digest, X509_get_subject_name(issuer), X509_get0_pubkey_bitstr(issuer), serial));
  return ours && OCSP_id_issuer_cmp(ours.get(), id) == 0;
}

Result<CertificateState> state_of(OCSP_CERTID* id, X509* issuer, const StateLookup& lookup) {
  if (!about(id, issuer)) return CertificateState{};
  ASN1_INTEGER* serial = nullptr;
  OCSP_id_get0_info(nullptr, nullptr, nullptr, &serial, id);
  return lookup(serial_text(serial));
}

DateHandle date(std::int64_t seconds) {
  return DateHandle(ASN1_GENERALIZEDTIME_set(nullptr, static_cast<time_t>(seconds)));
}

bool add_state(OCSP_BASICRESP* basic, OCSP_CERTID* id, const CertificateState& state, const Times& times) {
  const DateHandle from = date(times.now - kClockSkew), until = date(times.now + times.valid_s),
                   revoked = date(state.revoked_at);
  if (!from || !until || !revoked) return false;
  int status = V_OCSP_CERTSTATUS_UNKNOWN;
  if (state.is == CertificateState::Is::good) status = V_OCSP_CERTSTATUS_GOOD;
  const bool gone = state.is == CertificateState::Is::revoked;
  if (gone) status = V_OCSP_CERTSTATUS_REVOKED;
  const int code = reason_code(state.reason);
  return OCSP_basic_add1_status(basic, id, status, code > 0 ? code : OCSP_REVOKED_STATUS_NOSTATUS,
                                gone ? revoked.get() : nullptr, from.get(), until.get()) != nullptr;
}

/// 0: none; -1: longer than anybody needs.
int nonce_length(OCSP_REQUEST* request) {
  const int place = OCSP_REQUEST_get_ext_by_NID(request, NID_id_pkix_OCSP_Nonce, -1);
  if (place < 0) return 0;
  const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(OCSP_REQUEST_get_ext(request, place));
  const int length = ASN1_STRING_length(value);
  return length <= kMaxNonce + 2 ? length : -1;  // with the head of the inner OCTET STRING
}

tls::OcspRequestHandle read_request(std::string_view octets) {
  if (octets.empty() || octets.size() > kMaxOcspRequest) return nullptr;
  const auto* at = reinterpret_cast<const unsigned char*>(octets.data());
  tls::OcspRequestHandle request(d2i_OCSP_REQUEST(nullptr, &at, static_cast<long>(octets.size())));
  if (!request) return nullptr;
  const int questions = OCSP_request_onereq_count(request.get());
  return questions >= 1 && questions <= kMaxQuestions && nonce_length(request.get()) >= 0 ? std::move(request)
                                                                                          : nullptr;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Base64 with its percent-encoded characters put back.
std::string plain_base64(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      plain += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::string base64_decoded(const std::string& text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > 2 * kMaxOcspRequest) return "";
  std::string octets(text.size() / 4 * 3, '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(octets.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (length < 0) return "";
  const auto padding = std::count(text.end() - 2, text.end(), '=');
  octets.resize(static_cast<std::size_t>(length - padding));
  return octets;
}

}  // namespace

OcspAnswer answer_ocsp(std::string_view octets, const SigningPair& issuer, const StateLookup& lookup, std::int64_t now,
                       std::int64_t valid_s) {
  const tls::ErrorScope errors;
  const auto request = read_request(octets);
  if (!request) return refuse(OCSP_RESPONSE_STATUS_MALFORMEDREQUEST, "the request is no OCSP request");
  const tls::OcspBasicHandle basic(OCSP_BASICRESP_new());
  bool done = basic != nullptr;
  for (int i = 0; done && i < OCSP_request_onereq_count(request.get()); ++i) {
    OCSP_CERTID* id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(request.get(), i));
    const auto state = state_of(id, issuer.certificate.get(), lookup);
    if (!state) return refuse(OCSP_RESPONSE_STATUS_TRYLATER, state.error().message);
    done = add_state(basic.get(), id, *state, {now, valid_s});
  }
  // Clients have the issuer's certificate, so that it need not be in every handshake that staples the answer.
  done = done && OCSP_copy_nonce(basic.get(), request.get()) > 0 &&
         OCSP_basic_sign(basic.get(), issuer.certificate.get(), issuer.key.get(), EVP_sha256(), nullptr,
                         OCSP_NOCERTS | OCSP_RESPID_KEY) == 1;
  if (!done) return refuse(OCSP_RESPONSE_STATUS_INTERNALERROR, "cannot sign the answer: " + tls::openssl_reason());
  return {response_der(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()), ""};
}

/// Base64 may contain '/', so that the place where it begins is not always the last one. A SEQUENCE begins with 'M'.
std::string ocsp_request_in(std::string_view target) {
  for (int attempts = 0; attempts < kMaxPlaces && !target.empty() && target.front() == '/';) {
    target.remove_prefix(1);
    if (target.starts_with('M')) {
      ++attempts;
      const std::string octets = base64_decoded(plain_base64(target));
      if (!octets.empty() && octets.front() == '0') return octets;
    }
    target.remove_prefix(std::min(target.find('/'), target.size()));
  }
  return "";
}

}  // namespace transom::pki
