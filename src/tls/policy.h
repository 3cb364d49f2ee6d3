// Versions, suites and groups: what a profile and the options beside it come to.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "tls/handles.h"
#include "tls/tls_config.h"

namespace transom::tls {

/// What a profile is made of, before any option; lists in OpenSSL's syntax.
struct ProfileParts {
  std::string name;
  std::string tls13_suites;
  std::string tls12_suites;
  std::string dhe_suites;  // added where there are DH parameters
  std::vector<std::string> groups;
};
const ProfileParts& profile_parts(Profile profile);

/// What contexts are given.
struct Policy {
  std::string tls13_suites;
  std::string tls12_suites;  // empty: TLS 1.3 only
  std::string groups;
  bool server_order = false;  // whoever writes a list says an order; the default leaves the choice to the client
};

/// How the keys of the certificates that one name can get authenticate: "RSA", "ECDSA".
using KeyKinds = std::set<std::string>;

enum class DhParameters { none, refused, present };

/// Warns of what is skipped, added or left out. TLS 1.2 clients must find a suite for each of `names`, or one that is
/// like the others is added.
Result<Policy> choose_policy(const ServerConfig& config, DhParameters dh, const std::vector<KeyKinds>& names,
                             std::vector<std::string>& warnings);

/// The modern profile, for clients.
Policy default_policy();

/// Besides `policy`: security level, memory modes, no renegotiation, no compression.
Status apply_policy(SSL_CTX* context, const Policy& policy);

}  // namespace transom::tls
