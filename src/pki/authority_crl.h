// What an authority takes back: reasons, and its signed list (RFC 5280, 5).
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pki/authority.h"
#include "tls/crl_file.h"

namespace transom::pki {

struct Revocation {
  std::string serial;     // of `serial_text`
  std::int64_t when = 0;  // seconds since 1970
  std::string reason;     // one of `revocation_reasons`
};

/// RFC 5280's words: "keyCompromise". The first is "unspecified".
const std::vector<std::string>& revocation_reasons();
/// The number in OCSP and revocation lists; -1 for another word.
int reason_code(std::string_view reason);

struct CrlPlan {
  std::int64_t number = 1;  // larger than that of every list before
  std::int64_t this_update = 0, next_update = 0;
};
Result<tls::CrlHandle> make_crl(const SigningPair& issuer, std::span<const Revocation> revocations,
                                const CrlPlan& plan);

Result<std::string> crl_der(X509_CRL* crl);
/// Of a list in DER.
/// When the next list is due, in seconds since 1970; 0 when it does not say, or is none.
std::int64_t crl_next_update(const std::string& der);

Result<std::string> crl_pem(const std::string& der);
/// The number of a list in DER; 0 when it has none, or is none.
std::int64_t crl_number(const std::string& der);

}  // namespace transom::pki
