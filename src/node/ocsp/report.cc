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

std::string no_answerer(const OcspSubject& subject) {
  if (!subject.must_staple) return "";
  return fmt::format(
      "{}: the certificate names no OCSP responder, but {}; give a response in a file with `ocsp_staple`", subject.name,
      kMustStaple);
}

std::string no_issuer(const OcspSubject& subject) {
  return fmt::format(
      "{}: OCSP responses cannot be verified and are not stapled, for the issuer's certificate is not known; add it "
      "to the file or to `chain_certificates`{}{}",
      subject.name, subject.must_staple ? ": " : "", subject.must_staple ? kMustStaple : "");
}

std::string no_staple(const OcspSubject& subject, const OcspStanding& now) {
  if (subject.must_staple) {
    return fmt::format("{}: there is no OCSP response to staple: {}. NOTE: {}; {}", subject.name, now.last_error,
                       kMustStaple, remedy(subject));
  }
  return fmt::format("{}: there is no OCSP response to staple, clients may ask for themselves: {}; {}", subject.name,
                     now.last_error, subject.staple_file.empty() ? "it is tried again" : remedy(subject));
}

std::string revocation(const OcspSubject& subject, const OcspStanding& now) {
  return fmt::format(
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
  if (const std::string complaint = ocsp_complaint(subject, now); !complaint.empty()) {
    const bool loud = now.state == OcspState::revoked || (now.state == OcspState::missing && subject.must_staple);
    return loud ? log_error("{}", complaint) : log_warn("{}", complaint);
  }
  if (now.state == OcspState::nothing && !quiet) {
    log_info("{}: the certificate names no OCSP responder, so there is nothing to staple", subject.name);
  } else if (now.state == OcspState::good) {
    log_info("{}: an OCSP response is stapled, good until {}", subject.name, tls::utc_text(now.good_until));
  } else if (now.state == OcspState::aging) {
    log_warn(
        "{}: the OCSP response could not be refreshed: {}; the present one is stapled until {}, and it is "
        "tried again",
        subject.name, now.last_error, tls::utc_text(now.good_until));
  }
}

std::string ocsp_complaint(const OcspSubject& subject, const OcspStanding& standing) {
  switch (standing.state) {
    case OcspState::nothing:
      return no_answerer(subject);
    case OcspState::no_issuer:
      return no_issuer(subject);
    case OcspState::missing:
      return no_staple(subject, standing);
    case OcspState::revoked:
      return revocation(subject, standing);
    case OcspState::asking:
    case OcspState::good:
    case OcspState::aging:
      break;
  }
  return "";
}

std::vector<std::string> staple_file_complaints(const tls::ServerContext& context, std::int64_t now) {
  std::vector<std::string> complaints;
  for (const tls::ServedCertificate& certificate : context.certificates()) {
    if (certificate.config.staple_file.empty()) continue;
    const auto subject = make_ocsp_subject(certificate);
    OcspStanding standing;
    if (!subject->has_source()) {
      standing.state = OcspState::no_issuer;
    } else if (const auto outcome = check_staple_file(*subject, now); !outcome) {
      standing.state = OcspState::missing;
      standing.last_error = outcome.error().message;
    } else if (outcome->status == tls::OcspVerdict::Status::revoked) {
      standing = {OcspState::revoked, 0, 0, outcome->revoked_at, outcome->reason, ""};
    }
    if (auto complaint = ocsp_complaint(*subject, standing); !complaint.empty()) {
      complaints.push_back(std::move(complaint));
    }
  }
  return complaints;
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
