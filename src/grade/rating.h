// From the facts to the grade: the formula and the caps of the SSL Labs server rating guide, where testssl.sh reads it
// otherwise the worse of the two. docs/grade.md explains it to users.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grade/certificate_facts.h"
#include "grade/hsts.h"
#include "grade/server_facts.h"

namespace transom::grade {

/// All that a grade depends on.
struct Evidence {
  ServerFacts server;
  std::vector<ChainFacts> chains;  // one for each certificate of the server
  HstsFacts hsts;
  std::optional<StapleFacts> staple;
};

/// From bad to good. `t`: the certificate is not trusted, `m`: it is for another name; both hide the grade that the
/// rest of the server has earned.
enum class Grade : std::uint8_t { t, m, f, e, d, c, b, a_minus, a, a_plus };
std::string_view name_of(Grade grade);
std::optional<Grade> grade_named(std::string_view name);  // "A+" to "F"; not T and M

/// Why the grade is not better than `cap`, and what helps.
struct Reason {
  Grade cap;
  std::string what;
  std::string advice;
};

struct Rating {
  int protocol = 0, key_exchange = 0, cipher = 0;  // 0 to 100
  int score = 0;
  Grade grade = Grade::f;
  Grade grade_if_trusted = Grade::f;  // without the reasons for T and M
  std::vector<Reason> reasons;        // the worst first
  /// What keeps each of the three from 100, and what would help; no reason for a grade.
  std::vector<std::string> score_notes;
  /// What to change for the next grade; with A+ what to change for more points, empty if there are none.
  std::vector<std::string> next_steps;
};

Rating rate(const Evidence& evidence);

/// A category's part in hundredths and the whole, each rounded down as testssl.sh does.
int weighted_score(int protocol, int key_exchange, int cipher);

/// The score of a key by its type ("RSA", "EC", "DH", "ED25519", "ML-DSA-65", ...) and bits.
int key_score(std::string_view type, int bits);

}  // namespace transom::grade
