#include "grade/rating.h"

#include <algorithm>

#include "grade/groups.h"
#include "grade/rating_caps.h"
#include "grade/suites.h"

namespace transom::grade {
namespace {

struct VersionScore {
  Version version;
  int score;
};
/// From the oldest to the newest.
constexpr VersionScore kVersionScores[] = {{Version::ssl2, 0},    {Version::ssl3, 80},    {Version::tls1_0, 90},
                                           {Version::tls1_1, 95}, {Version::tls1_2, 100}, {Version::tls1_3, 100}};

int protocol_score(const ServerFacts& server) {
  int worst = -1, best = 0;
  for (const auto& [version, score] : kVersionScores) {
    if (!server.offers(version)) continue;
    if (worst < 0) worst = score;
    best = score;
  }
  return (best + std::max(worst, 0)) / 2;
}

int cipher_part(int bits) { return bits == 0 ? 0 : bits < 128 ? 20 : bits < 256 ? 80 : 100; }

int cipher_score(const SuiteSummary& suites) {
  return (cipher_part(suites.strongest) + cipher_part(suites.weakest)) / 2;
}

/// A key that takes part in the exchange, with its score and words for people.
struct RatedKey {
  int score;
  std::string what, advice;
};

void add_certificate_keys(const Evidence& evidence, std::vector<RatedKey>& keys) {
  for (const ChainFacts& chain : evidence.chains) {
    const CertificateFacts& leaf = chain.certificates.front();
    keys.push_back({key_score(leaf.key_type, leaf.key_bits),
                    fmt::format("the certificate's {} key of {} bits", leaf.key_type, leaf.key_bits),
                    "a certificate with an EC key (P-256), or an RSA key of 4096 bits"});
  }
}

/// The groups of finite fields in TLS 1.3 count only where there is no curve: nobody but a client without any uses
/// them.
void add_group_keys(const ServerFacts& server, std::vector<RatedKey>& keys) {
  std::vector<const Group*> curves, fields;
  for (const auto* numbers : {&server.groups13, &server.groups12}) {
    for (const std::uint16_t number : *numbers) {
      const Group* group = find_group(number);
      if (group != nullptr) (group->finite_field ? fields : curves).push_back(group);
    }
  }
  for (const Group* group : curves.empty() ? fields : curves) {
    keys.push_back({key_score(group->finite_field ? "DH" : "EC", group->bits), fmt::format("the group {}", group->name),
                    "X25519 and P-256 as the only groups"});
  }
}

RatedKey weakest_key(const Evidence& evidence, const SuiteSummary& suites) {
  std::vector<RatedKey> keys;
  if (suites.anonymous) keys.push_back({0, "an anonymous key exchange", "no anonymous suites"});
  add_certificate_keys(evidence, keys);
  add_group_keys(evidence.server, keys);
  if (evidence.server.dh_bits) {
    const int bits = *evidence.server.dh_bits;
    keys.push_back({key_score("DH", bits), fmt::format("the DH parameters of {} bits", bits),
                    "DH parameters of 4096 bits, or no DHE suites"});
  }
  const auto weakest = std::min_element(keys.begin(), keys.end(),
                                        [](const RatedKey& a, const RatedKey& b) { return a.score < b.score; });
  return weakest == keys.end() ? RatedKey{0, "no key that could be seen", "a certificate"} : *weakest;
}

Grade grade_of_score(int score) {
  struct Step {
    int least;
    Grade grade;
  };
  constexpr Step kSteps[] = {{80, Grade::a_plus}, {65, Grade::b}, {50, Grade::c}, {35, Grade::d}, {20, Grade::e}};
  for (const auto& [least, grade] : kSteps) {
    if (score >= least) return grade;
  }
  return Grade::f;
}

Grade capped(Grade grade, const std::vector<Reason>& reasons, bool with_trust) {
  for (const Reason& reason : reasons) {
    if (with_trust || reason.cap > Grade::m) grade = std::min(grade, reason.cap);
  }
  return grade;
}

/// The same fault in two certificates is one reason.
void put_in_order(std::vector<Reason>& reasons) {
  std::vector<Reason> once;
  for (Reason& reason : reasons) {
    const bool known =
        std::any_of(once.begin(), once.end(), [&](const Reason& other) { return other.what == reason.what; });
    if (!known) once.push_back(std::move(reason));
  }
  std::stable_sort(once.begin(), once.end(), [](const Reason& a, const Reason& b) { return a.cap < b.cap; });
  reasons = std::move(once);
}

void add_step(std::vector<std::string>& steps, const std::string& step) {
  if (std::find(steps.begin(), steps.end(), step) == steps.end()) steps.push_back(step);
}

void note_scores(const SuiteSummary& suites, const RatedKey& key, Rating& rating) {
  if (rating.protocol < 100) rating.score_notes.push_back("protocol: versions older than TLS 1.2 cost points");
  if (rating.key_exchange < 100) {
    rating.score_notes.push_back(
        fmt::format("key exchange: {} gives {}; 100 needs {}", key.what, key.score, key.advice));
  }
  if (rating.cipher < 100) {
    rating.score_notes.push_back(
        fmt::format("cipher: {} to {} bits; 100 needs suites of 256 bits only", suites.weakest, suites.strongest));
  }
}

/// The reasons that hold the present grade; where it is the score that does, what keeps that down. Of T and M both
/// count: a certificate that is trusted is of no use under another name.
void find_next_steps(Grade by_score, Rating& rating) {
  const Grade held_by = rating.grade == Grade::t ? Grade::m : rating.grade;
  for (const Reason& reason : rating.reasons) {
    if (reason.cap <= held_by) add_step(rating.next_steps, reason.advice);
  }
  if (!rating.next_steps.empty() && by_score > rating.grade) return;
  for (const std::string& note : rating.score_notes) add_step(rating.next_steps, note);
}

}  // namespace

std::string_view name_of(Grade grade) {
  constexpr std::string_view kNames[] = {"T", "M", "F", "E", "D", "C", "B", "A-", "A", "A+"};
  return kNames[static_cast<std::size_t>(grade)];
}

std::optional<Grade> grade_named(std::string_view name) {
  for (int i = static_cast<int>(Grade::f); i <= static_cast<int>(Grade::a_plus); ++i) {
    if (name_of(static_cast<Grade>(i)) == name) return static_cast<Grade>(i);
  }
  return std::nullopt;
}

int weighted_score(int protocol, int key_exchange, int cipher) {
  if (protocol == 0 || key_exchange == 0 || cipher == 0) return 0;
  return protocol * 30 / 100 + key_exchange * 30 / 100 + cipher * 40 / 100;
}

int key_score(std::string_view type, int bits) {
  struct Step {
    int below, score;
  };
  constexpr Step kFieldSteps[] = {{512, 20}, {1024, 40}, {2048, 80}, {4096, 90}};
  constexpr Step kCurveSteps[] = {{110, 20}, {123, 40}, {163, 80}, {225, 90}};
  if (type.starts_with("ML-DSA")) return bits < 4032 ? 90 : 100;
  const bool field = type.starts_with("RSA") || type.starts_with("DSA") || type.starts_with("DH");
  for (const auto& [below, score] : field ? kFieldSteps : kCurveSteps) {
    if (bits < below) return score;
  }
  return 100;
}

Rating rate(const Evidence& evidence) {
  const SuiteSummary suites = summarize(evidence.server);
  const RatedKey key = weakest_key(evidence, suites);
  Rating rating;
  rating.protocol = protocol_score(evidence.server);
  rating.key_exchange = key.score;
  rating.cipher = cipher_score(suites);
  rating.score = weighted_score(rating.protocol, rating.key_exchange, rating.cipher);
  cap_by_protocol(evidence, rating.reasons);
  cap_by_suites(suites, rating.reasons);
  if (!suites.anonymous) cap_by_key(key.score, key.what, rating.reasons);
  cap_by_certificates(evidence, rating.reasons);
  cap_by_hsts(evidence.hsts, rating.reasons);
  put_in_order(rating.reasons);
  const Grade by_score = grade_of_score(rating.score);
  rating.grade = capped(by_score, rating.reasons, true);
  rating.grade_if_trusted = capped(by_score, rating.reasons, false);
  note_scores(suites, key, rating);
  find_next_steps(by_score, rating);
  return rating;
}

}  // namespace transom::grade
