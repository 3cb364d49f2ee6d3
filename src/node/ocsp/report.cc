#include "node/ocsp/report.h"

#include "base/log.h"
#include "tls/ocsp.h"

namespace transom::node {
namespace {

constexpr char kMustStaple[] = "it asks clients to insist on a staple (must-staple), so they will refuse it";

/// The last part of a message about a certificate without staple.
std::string remedy(const OcspSubject& subject) {
  if (!subject.staple_file.empty()) return fmt::format("put a fresh response into {}", subject.staple_file);
  return fmt::format("see whether this machine reaches {}, or give a response in a file with `ocsp_staple`",
                     subject.responder);
}

void log_nothing(const OcspSubject& subject, bool quiet) {
  if (subject.must_staple) {
    log_warn("{}: the certificate names no OCSP responder, but {}; give a response in a file with `ocsp_staple`",
             subject.name, kMustStaple);
  } else if (!quiet) {
    log_info("{}: the certificate names no OCSP responder, so there is nothing to staple", subject.name);
  }
}

void log_no_issuer(const OcspSubject& subject) {
  log_warn(
      "{}: OCSP responses cannot be verified and are not stapled, for the issuer's certificate is not known; add it "
      "to the file or to `chain_certificates`{}{}",
      subject.name, subject.must_staple ? ": " : "", subject.must_staple ? kMustStaple : "");
}

void log_missing(const OcspSubject& subject, const OcspStanding& now) {
  if (subject.must_staple) {
    log_error("{}: there is no OCSP response to staple: {}. NOTE: {}; {}", subject.name, now.last_error, kMustStaple,
              remedy(subject));
  } else {
    log_warn("{}: there is no OCSP response to staple, clients may ask for themselves: {}; it is tried again",
             subject.name, now.last_error);
  }
}

void log_revoked(const OcspSubject& subject, const OcspStanding& now) {
  log_error(
      "{}: THE CERTIFICATE IS REVOKED since {}{}{}: clients refuse it, and nothing is stapled; make a new key, have "
      "a new certificate issued, put both in place and reload",
      subject.name, tls::utc_text(now.revoked_at), now.reason.empty() ? "" : ", reason ", now.reason);
}

const char* name_of(OcspState state) {
  switch (state) {
    case OcspState::asking:
      return "asking";
    case OcspState::nothing:
      return "no responder";
    case OcspState::no_issuer:
      return "issuer not known";
    case OcspState::good:
      return "good";
    case OcspState::aging:
      return "good, refresh fails";
    case OcspState::missing:
      return "missing";
    case OcspState::revoked:
      return "revoked";
  }
  return "";
}

}  // namespace

void log_ocsp_state(const OcspSubject& subject, OcspState before, const OcspStanding& now, bool quiet) {
  if (before == now.state) return;
  switch (now.state) {
    case OcspState::asking:
      return;
    case OcspState::nothing:
      return log_nothing(subject, quiet);
    case OcspState::no_issuer:
      return log_no_issuer(subject);
    case OcspState::good:
      return log_info("{}: an OCSP response is stapled, good until {}", subject.name, tls::utc_text(now.good_until));
    case OcspState::aging:
      return log_warn(
          "{}: the OCSP response could not be refreshed: {}; the present one is stapled until {}, and it is "
          "tried again",
          subject.name, now.last_error, tls::utc_text(now.good_until));
    case OcspState::missing:
      return log_missing(subject, now);
    case OcspState::revoked:
      return log_revoked(subject, now);
  }
}

nlohmann::json describe_ocsp(const OcspSubject& subject, const OcspStanding& standing) {
  nlohmann::json all = {{"certificate", subject.file},
                        {"subject", subject.subject},
                        {"sha256", subject.fingerprint},
                        {"state", name_of(standing.state)},
                        {"must_staple", subject.must_staple}};
  const auto add_text = [&all](const char* key, const std::string& text) {
    if (!text.empty()) all[key] = text;
  };
  const auto add_time = [&all](const char* key, std::int64_t seconds) {
    if (seconds != 0) all[key] = seconds;
  };
  add_text("responder", subject.responder);
  add_text("staple_file", subject.staple_file);
  add_time("good_until", standing.good_until);
  add_time("next_check", standing.next_check);
  add_time("revoked_at", standing.revoked_at);
  add_text("reason", standing.reason);
  add_text("last_error", standing.last_error);
  return all;
}

}  // namespace transom::node
