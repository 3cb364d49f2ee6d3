// OCSP (RFC 6960, RFC 5019): asking whether a certificate has been revoked, and judging what was answered. Octets only.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tls/handles.h"

namespace transom::tls {

/// No responder needs more; what is longer is refused unread.
inline constexpr std::size_t kMaxOcspResponse = 64 * 1024;
/// How far a responder's clock may be ahead of ours.
inline constexpr std::int64_t kOcspSkewS = 300;
/// A response without nextUpdate says that newer information is always to be had; it is believed for so long.
inline constexpr std::int64_t kOcspDefaultLifeS = 3600;

struct OcspQuery {
  std::string der;  // the request: one certID by SHA-1, which is what responders know, and no nonce
  std::string id;   // SHA-256 of the certID, in hex: names a certificate of an issuer, for a cache
};
Result<OcspQuery> make_ocsp_query(X509* leaf, X509* issuer);

/// Where to GET the answer (RFC 6960 A.1), if the address has at most 255 octets; empty: it must be POSTed to
/// `responder`.
std::string ocsp_get_url(std::string_view responder, const OcspQuery& query);

struct OcspVerdict {
  enum class Status { good, revoked, unknown } status = Status::unknown;
  std::int64_t this_update = 0;  // all in seconds since 1970
  std::int64_t next_update = 0;  // 0: the response names none
  std::int64_t good_until = 0;   // the response may be stapled before this
  std::int64_t revoked_at = 0;
  std::string reason;  // of a revocation, in RFC 5280's words; empty: none given
};

/// What a response says about `leaf` at `now`. It must be whole, signed by `issuer` or by a certificate that `issuer`
/// gave the right to sign responses, speak of this very certificate, not be from the future, not have expired, and not
/// outlive the certificate. Anything else is an error that says why and what may help.
Result<OcspVerdict> judge_ocsp(std::string_view der, X509* leaf, X509* issuer, std::int64_t now);

/// The DER response in the content of a file, which may be DER or PEM ("OCSP RESPONSE").
Result<std::string> ocsp_response_in(const std::string& content);

/// The first responder that a certificate names and that can be asked (http://); empty: none.
std::string ocsp_responder(X509* certificate);
/// True if the certificate asks clients to insist on a staple (RFC 7633, status_request).
bool must_staple(X509* certificate);

/// "2026-11-22 09:30:00 UTC".
std::string utc_text(std::int64_t seconds);

}  // namespace transom::tls
