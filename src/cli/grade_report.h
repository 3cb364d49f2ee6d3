// The result of `tls grade` for people and for programs.
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "grade/rating.h"
#include "grade/session_facts.h"

namespace transom::cli {

struct GradeReport {
  std::string target, server_name;  // "localhost:8443", "localhost"
  bool named = false;               // the server name was given by --servername
  std::string trust;                // whose authorities the chain was verified against
  grade::Evidence evidence;
  grade::Rating rating;
  std::optional<grade::SessionFacts> session;
  std::string session_error;  // why there is none
};

/// "A+", or "T (if trust is ignored: A+)".
std::string shown_grade(const grade::Rating& rating);

void print_report(const GradeReport& report);
nlohmann::json json_report(const GradeReport& report);

}  // namespace transom::cli
