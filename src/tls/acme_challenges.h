// What an ACME server asks for while it checks that we have a name (RFC 8555 section 8, RFC 8737).
#pragma once
#include <openssl/ssl.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/shared_slot.h"

namespace transom::tls {

/// The ALPN protocol of tls-alpn-01.
inline constexpr std::string_view kAcmeProtocol = "acme-tls/1";

/// The answers to the challenges that are under way; shared by whoever orders certificates and by all cores. Read by
/// any thread, changed by one at a time.
class AcmeChallenges {
 public:
  /// http-01: what `/.well-known/acme-challenge/TOKEN` answers.
  void put_http(const std::string& token, std::string key_authorization);
  void remove_http(const std::string& token);
  std::optional<std::string> http(std::string_view token) const;

  /// tls-alpn-01: the context for a client that offers `kAcmeProtocol` alone and asks for `name` (lower case). Without
  /// any, nobody here speaks that protocol.
  void put_alpn(const std::string& name, std::shared_ptr<SSL_CTX> context);
  void remove_alpn(const std::string& name);
  /// Null: none.
  std::shared_ptr<SSL_CTX> alpn(std::string_view name) const;

 private:
  using Authorizations = std::map<std::string, std::string, std::less<>>;
  using Contexts = std::map<std::string, std::shared_ptr<SSL_CTX>, std::less<>>;
  SharedSlot<Authorizations> http_;  // null: none
  SharedSlot<Contexts> alpn_;        // null: none
};

}  // namespace transom::tls
