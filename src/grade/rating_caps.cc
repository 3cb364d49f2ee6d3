#include "grade/rating_caps.h"

#include <algorithm>

#include "grade/suites.h"

namespace transom::grade {
namespace {

using Reasons = std::vector<Reason>;

void take_in(const SuiteTraits& traits, Version version, SuiteSummary& summary) {
  const bool modern = version >= Version::tls1_1;
  summary.strongest = std::max(summary.strongest, traits.bits);
  summary.weakest = std::min(summary.weakest, traits.bits);
  summary.forward_secret = summary.forward_secret || traits.forward_secret;
  summary.aead = summary.aead || traits.aead;
  summary.anonymous = summary.anonymous || traits.anonymous;
  summary.export_grade = summary.export_grade || traits.export_grade;
  summary.rc4 = summary.rc4 || traits.rc4;
  summary.cbc_with_ssl3 = summary.cbc_with_ssl3 || (traits.cbc && version == Version::ssl3);
  summary.rc4_with_modern = summary.rc4_with_modern || (traits.rc4 && modern);
  summary.block64_with_modern = summary.block64_with_modern || (traits.block64 && modern);
}

void take_in(const Ssl2Answer& ssl2, SuiteSummary& summary) {
  for (const Ssl2Suite& suite : ssl2_suites()) {
    if (std::find(ssl2.suites.begin(), ssl2.suites.end(), suite.number) == ssl2.suites.end()) continue;
    summary.strongest = std::max(summary.strongest, suite.bits);
    summary.weakest = std::min(summary.weakest, suite.bits);
  }
}

struct OldVersion {
  Version version;
  Grade cap;
};
constexpr OldVersion kOldVersions[] = {
    {Version::ssl2, Grade::f}, {Version::ssl3, Grade::b}, {Version::tls1_0, Grade::b}, {Version::tls1_1, Grade::b}};

void cap_by_version(const ServerFacts& server, Reasons& reasons) {
  for (const auto& [version, cap] : kOldVersions) {
    if (!server.offers(version)) continue;
    reasons.push_back(
        {cap, fmt::format("{} is offered", name_of(version)), fmt::format("turn {} off", name_of(version))});
  }
  const bool newer = server.offers(Version::tls1_0) || server.offers(Version::tls1_1);
  const bool modern = server.offers(Version::tls1_2) || server.offers(Version::tls1_3);
  if (server.offers(Version::ssl3) && !newer && !modern) {
    reasons.push_back({Grade::f, "SSL 3 is the best version there is", "offer TLS 1.2 and 1.3"});
  }
  if (!modern) reasons.push_back({Grade::c, "neither TLS 1.2 nor TLS 1.3 is offered", "offer TLS 1.2 and 1.3"});
  if (!server.offers(Version::tls1_3)) {
    reasons.push_back({Grade::a_minus, "TLS 1.3 is not offered", "offer TLS 1.3"});
  }
}

const CertificateFacts& leaf_of(const ChainFacts& chain) { return chain.certificates.front(); }

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : std::string(between)) + word;
  return text;
}

void cap_by_dates(const ChainFacts& chain, Reasons& reasons) {
  if (chain.expired) reasons.push_back({Grade::t, "a certificate has expired", "renew the certificate"});
  if (chain.not_yet_valid) {
    reasons.push_back({Grade::t, "a certificate is not valid yet", "wait for its first day, or set the clock right"});
  }
}

void cap_by_trust(const ChainFacts& chain, Reasons& reasons) {
  cap_by_dates(chain, reasons);
  const bool only_dates = chain.problems.size() == std::size_t{chain.expired} + std::size_t{chain.not_yet_valid};
  if (chain.incomplete) {
    reasons.push_back({Grade::b, "the chain is incomplete: intermediate certificates are not sent",
                       "put the intermediate certificates behind the leaf in the certificate file"});
  }
  if (chain.trusted() || only_dates) return;
  if (leaf_of(chain).self_signed) {
    reasons.push_back({Grade::t, "the certificate is self-signed",
                       "use a certificate of an authority that clients trust, or name it by --ca"});
  } else if (chain.unknown_issuer) {
    reasons.push_back({Grade::t,
                       fmt::format("the certificate is not trusted: its issuer \"{}\" is neither sent nor trusted here",
                                   chain.certificates.back().info.issuer),
                       "send all intermediate certificates; if the authority is your own, name its root by --ca"});
  } else {
    reasons.push_back({Grade::t, fmt::format("the certificate is not trusted: {}", joined(chain.problems, ", ")),
                       "use a certificate of an authority that clients trust, or name your own by --ca"});
  }
}

/// Nobody verifies the signature of a root, so it is left out.
void cap_by_signatures(const ChainFacts& chain, Reasons& reasons) {
  for (std::size_t i = 0; i < chain.certificates.size(); ++i) {
    const CertificateFacts& certificate = chain.certificates[i];
    if (i > 0 && certificate.self_signed) continue;
    const bool broken = certificate.signature_hash.starts_with("MD");
    if (!broken && certificate.signature_hash != "SHA1") continue;
    reasons.push_back({broken ? Grade::f : Grade::t,
                       fmt::format("a certificate is signed with {}", certificate.signature_hash),
                       "have the certificate signed with SHA-256"});
  }
}

void cap_by_staple(const StapleFacts& staple, Reasons& reasons) {
  if (staple.status != "revoked") return;
  reasons.push_back({Grade::t, "the certificate is revoked", "get a new certificate with a new key"});
}

}  // namespace

SuiteSummary summarize(const ServerFacts& server) {
  SuiteSummary summary;
  summary.weakest = 1 << 20;
  for (const auto& [version, suites] : server.suites) {
    for (const std::uint16_t suite : suites) take_in(suite_traits(suite), version, summary);
  }
  if (server.ssl2) take_in(*server.ssl2, summary);
  summary.weakest = std::min(summary.weakest, summary.strongest);
  return summary;
}

void cap_by_protocol(const Evidence& evidence, Reasons& reasons) {
  const ServerFacts& server = evidence.server;
  cap_by_version(server, reasons);
  if (server.compression) {
    reasons.push_back({Grade::c, "TLS compression is offered (CRIME)", "turn TLS compression off"});
  }
  if (!server.secure_renegotiation.value_or(true)) {
    reasons.push_back({Grade::a_minus, "secure renegotiation is not supported",
                       "use a TLS library that has RFC 5746, or offer TLS 1.3 only"});
  }
  if (!server.fallback_scsv.value_or(true)) {
    reasons.push_back({Grade::a, "TLS_FALLBACK_SCSV is not supported",
                       "use a TLS library that has RFC 7507, so that nobody can push clients to an older version"});
  }
}

void cap_by_suites(const SuiteSummary& suites, Reasons& reasons) {
  const auto cap = [&](bool applies, Grade grade, const char* what, const char* advice) {
    if (applies) reasons.push_back({grade, what, advice});
  };
  cap(suites.anonymous, Grade::f, "anonymous suites are offered, anybody can pose as the server",
      "remove the anonymous suites (!aNULL)");
  cap(suites.weakest == 0, Grade::f, "suites without encryption are offered", "remove the NULL suites (!eNULL)");
  cap(suites.export_grade, Grade::f, "export suites are offered", "remove the export suites (!EXPORT)");
  cap(suites.weakest > 0 && suites.weakest < 112, Grade::f, "suites weaker than 112 bits are offered",
      "remove the suites of 40 and 56 bits (!LOW:!EXPORT)");
  cap(suites.cbc_with_ssl3, Grade::c, "SSL 3 is offered with CBC suites (POODLE)", "turn SSL 3 off");
  cap(suites.rc4_with_modern, Grade::c, "RC4 is offered with TLS 1.1 or newer", "remove RC4 (!RC4)");
  cap(suites.block64_with_modern, Grade::c, "ciphers of 64-bit blocks are offered with TLS 1.1 or newer (SWEET32)",
      "remove 3DES and its like (!3DES:!IDEA:!DES)");
  cap(suites.rc4, Grade::b, "RC4 is offered", "remove RC4 (!RC4)");
  cap(!suites.forward_secret, Grade::b, "no suite has forward secrecy", "offer ECDHE suites");
  cap(!suites.aead, Grade::b, "no suite is AEAD", "offer AES-GCM or ChaCha20 suites");
}

void cap_by_key(int score, const std::string& what, Reasons& reasons) {
  const std::string advice = "use keys and DH parameters of at least 2048 bits";
  if (score > 80) return;
  const bool insecure = score <= 40;
  reasons.push_back({insecure ? Grade::f : Grade::b,
                     fmt::format("a key of the exchange is {}: {}", insecure ? "insecure" : "weak", what), advice});
}

void cap_by_certificates(const Evidence& evidence, Reasons& reasons) {
  for (const ChainFacts& chain : evidence.chains) {
    cap_by_trust(chain, reasons);
    cap_by_signatures(chain, reasons);
    if (!chain.name_matches) {
      reasons.push_back({Grade::m, "the certificate is for another name",
                         "use a certificate whose subject alternative names have this name"});
    }
    const bool exponent_one = std::any_of(chain.certificates.begin(), chain.certificates.end(),
                                          [](const CertificateFacts& one) { return one.exponent_one; });
    if (exponent_one) reasons.push_back({Grade::f, "an RSA key has the exponent 1", "make a new key"});
  }
  if (evidence.staple) cap_by_staple(*evidence.staple, reasons);
}

void cap_by_hsts(const HstsFacts& hsts, Reasons& reasons) {
  const std::string_view advice = "send Strict-Transport-Security: max-age=63072000";
  const auto cap = [&](Grade grade, std::string_view what) {
    reasons.push_back({grade, std::string(what), std::string(advice)});
  };
  switch (hsts.state) {
    case HstsFacts::State::missing:
      return cap(Grade::a, "HSTS is missing");
    case HstsFacts::State::malformed:
      return cap(Grade::a_minus, "HSTS is malformed, so that browsers ignore it");
    case HstsFacts::State::disabled:
      return cap(Grade::a_minus, "HSTS is disabled (max-age=0)");
    case HstsFacts::State::too_short:
      return cap(Grade::a_minus,
                 fmt::format("HSTS is too short ({} s, at least {} count)", hsts.max_age_s, kLongEnoughHstsSeconds));
    case HstsFacts::State::not_http:
    case HstsFacts::State::not_applicable:
    case HstsFacts::State::good:
      return;
  }
}

}  // namespace transom::grade
