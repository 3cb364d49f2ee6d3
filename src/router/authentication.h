// Who a client is: from HELLO, perhaps over a CHALLENGE, to a principal or a refusal.
#pragma once
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "base/random.h"
#include "router/realm_config.h"
#include "router/transport_facts.h"

namespace transom::router {

/// Who was let in, as WELCOME says it.
struct Principal {
  std::string realm, authid, authrole, authmethod, authprovider;
};
/// CHALLENGE has to be sent; the answer goes to the same Authentication.
struct Challenge {
  std::string method;
};
/// ABORT with this reason. The message never says whether an authid exists.
struct Refusal {
  std::string uri, message;
  std::string for_log;  // what the client is not told
};
using AuthOutcome = std::variant<Principal, Challenge, Refusal>;

/// One client's attempt. The client's methods are tried in its order; the first that is configured decides, without a
/// second try. No `config`: everybody is let in as role "anonymous".
class Authentication {
 public:
  /// `config` (may be null) outlives it.
  Authentication(const AuthConfig* config, Random& random) : config_(config), random_(random) {}
  /// Whether `hello` may look at the certificate of the client.
  static bool wants_certificate(const AuthConfig* config) { return config != nullptr && config->tls.has_value(); }
  /// `certificate`: what the transport has verified, may be null.
  AuthOutcome hello(std::string_view realm, const nlohmann::json& details,
                    const ClientCertificate* certificate = nullptr);
  AuthOutcome authenticate(std::string_view signature);

 private:
  struct Method;
  static const Method kMethods[];
  AuthOutcome anonymous(const nlohmann::json& details);
  AuthOutcome ticket(const nlohmann::json& details);
  AuthOutcome tls(const nlohmann::json& details);
  std::string random_authid();

  const AuthConfig* config_;
  Random& random_;
  const ClientCertificate* certificate_ = nullptr;  // during `hello`
  std::string realm_, authid_;
};

}  // namespace transom::router
