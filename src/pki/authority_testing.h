// For tests only: an authority, made once for all of them, and what it issues.
#pragma once
#include <gtest/gtest.h>

#include "pki/authority.h"
#include "pki/authority_constraints.h"

namespace transom::pki::test {

inline constexpr std::int64_t kNow = 1'800'000'000;  // 2027-01-15
inline constexpr std::int64_t kDay = 86'400;
using Words = std::vector<std::string>;

template <typename T>
T require(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

/// Limited to example.com, 10.0.0.0/8, fd00::/8 and the mail of example.com.
inline const NewAuthority& limited() {
  static const NewAuthority authority = require(make_authority(
      {"Example Ltd", require(constraints_for(Words{"example.com", "10.0.0.0/8", "fd00::/8", "@example.com"}))}, kNow));
  return authority;
}

inline LeafPlan plan_for(const Words& words, LeafPlan::Use use = LeafPlan::Use::server) {
  return {use, require(parse_names(words)), 90 * kDay, "", ""};
}

inline tls::CertificateHandle leaf_of(const NewAuthority& authority, const LeafPlan& plan) {
  const auto key = require(make_key({}));
  return require(issue_leaf(authority.intermediate, plan, key.get(), kNow));
}

}  // namespace transom::pki::test
