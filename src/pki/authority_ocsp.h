// An authority's answers to "is this certificate still good?" (RFC 6960, RFC 5019, RFC 8954). Octets to octets.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "pki/authority.h"

namespace transom::pki {

/// No honest request comes near it.
inline constexpr std::size_t kMaxOcspRequest = 4096;

struct CertificateState {
  enum class Is { unknown, good, revoked } is = Is::unknown;
  std::int64_t revoked_at = 0;
  std::string reason;
};
/// What is recorded of a serial number (as `serial_text`).
using StateLookup = std::function<Result<CertificateState>(const std::string& serial)>;

struct OcspAnswer {
  std::string der;      // always a response, if need be one that says that the request is no good
  std::string problem;  // why it says nothing about certificates, for the log; empty: it does
};
/// Answers a request about certificates of `issuer`, which signs the answer itself. Of others, and of those never
/// issued, it says "unknown". `valid_s`: for how long clients may keep it.
OcspAnswer answer_ocsp(std::string_view request, const SigningPair& issuer, const StateLookup& lookup, std::int64_t now,
                       std::int64_t valid_s);

/// The request in the target of a GET ("/MEIw..."; base64, percent-encoded), below any path; empty: there is none.
std::string ocsp_request_in(std::string_view target);

}  // namespace transom::pki
