// What the config says about a realm, after it is read.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "wamp/options.h"
#include "wamp/uri.h"

namespace transom::router {

enum class Action : std::uint8_t { call, register_, publish, subscribe };

/// One entry of a role's `permissions`.
struct Permission {
  std::string uri;
  wamp::Match match = wamp::Match::exact;
  bool allow_call = false, allow_register = false, allow_publish = false, allow_subscribe = false;
  bool disclose_caller = false, disclose_publisher = false;
};

struct RoleConfig {
  std::string name;
  bool allow_by_default = false;
  std::vector<Permission> permissions;
};

struct RealmConfig {
  std::string name;
  wamp::UriCheck uri_check = wamp::UriCheck::loose;
  std::vector<RoleConfig> roles;
};

/// `auth` of a transport. No method at all means: everybody, as role "anonymous" (Crossbar's meaning).
struct AnonymousAuth {
  std::string realm;  // empty: the one the client asks for
  std::string role = "anonymous";
  std::string authid;  // empty: random
};
struct TicketPrincipal {
  std::string ticket;
  std::string role;
};
/// Whose certificate is meant.
struct TlsPrincipal {
  enum class By : std::uint8_t { sha256, sha1, subject, san } by = By::sha256;
  std::string value;  // a fingerprint "AB:CD:...", a subject as RFC 2253 has it, or "email:joe@example.net"
  std::string role;
};
struct AuthConfig {
  std::optional<AnonymousAuth> anonymous;
  std::optional<std::map<std::string, TicketPrincipal>> ticket;  // authid -> principal
  std::optional<std::map<std::string, TlsPrincipal>> tls;        // authid -> principal
};

}  // namespace transom::router
