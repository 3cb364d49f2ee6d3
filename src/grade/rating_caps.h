// The rules by which a grade is capped. Part of `rate`.
#pragma once
#include <vector>

#include "grade/rating.h"

namespace transom::grade {

/// All suites that a server offers, taken together.
struct SuiteSummary {
  int strongest = 0, weakest = 0;  // bits
  bool forward_secret = false, aead = false;
  bool anonymous = false, export_grade = false, rc4 = false;
  bool cbc_with_ssl3 = false;
  bool rc4_with_modern = false, block64_with_modern = false;  // with TLS 1.1 or newer
};
SuiteSummary summarize(const ServerFacts& server);

/// The reasons that lie in versions and extensions; in suites; in the weakest key (`what` it is); in certificates; in
/// HSTS.
void cap_by_protocol(const Evidence& evidence, std::vector<Reason>& reasons);
void cap_by_suites(const SuiteSummary& suites, std::vector<Reason>& reasons);
void cap_by_key(int score, const std::string& what, std::vector<Reason>& reasons);
void cap_by_certificates(const Evidence& evidence, std::vector<Reason>& reasons);
void cap_by_hsts(const HstsFacts& hsts, std::vector<Reason>& reasons);

}  // namespace transom::grade
