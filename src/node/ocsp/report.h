// What the log and `status` say of staples.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "node/ocsp/check.h"

namespace transom::node {

enum class OcspState {
  asking,     // nothing is known yet
  nothing,    // the certificate names no responder: there is nothing to staple
  no_issuer,  // the issuer's certificate is not known, so nothing could be verified
  good,       // a staple is sent, and the last refresh went well
  aging,      // a staple is sent, but it could not be refreshed
  missing,    // no staple, though there should be one
  revoked,
};

/// What is known of one certificate's staple; times in seconds since 1970, 0: none.
struct OcspStanding {
  OcspState state = OcspState::asking;
  std::int64_t good_until = 0;
  std::int64_t next_check = 0;
  std::int64_t revoked_at = 0;
  std::string reason;      // of the revocation
  std::string last_error;  // empty after a success
};

/// One line of the log for a change of state; none where it is no news. `quiet` leaves out certificates that have
/// nothing to staple.
void log_ocsp_state(const OcspSubject& subject, OcspState before, const OcspStanding& now, bool quiet);

/// What an operator has to see to, in a sentence, as long as it is so: a revoked certificate, one without the staple
/// that it should have. Empty where all is well.
std::string ocsp_complaint(const OcspSubject& subject, const OcspStanding& standing);
/// The same of every `ocsp_staple` file of `context`, which is not served yet.
std::vector<std::string> staple_file_complaints(const tls::ServerContext& context, std::int64_t now);

/// {certificate, subject, sha256, state, must_staple} and where they apply {responder, staple_file, good_until,
/// next_check, revoked_at, reason, last_error}.
nlohmann::json describe_ocsp(const OcspSubject& subject, const OcspStanding& standing);

}  // namespace transom::node
