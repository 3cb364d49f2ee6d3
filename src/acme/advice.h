// What an owner can do about an ACME server's refusal.
#pragma once
#include <string>
#include <string_view>

#include "acme/answers.h"

namespace transom::acme {

/// A sentence that says what to check, for a challenge of `type` for `name` or, without them, for a request; empty
/// where the server's own words have to do.
std::string advice(const Problem& problem, std::string_view type = "", std::string_view name = "");

}  // namespace transom::acme
