#include "router/authentication.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <nlohmann/json.hpp>

namespace transom::router {
namespace {

const Refusal kWrongCredentials{"wamp.error.not_authorized", "authentication failed"};

/// Takes the same time whatever the two texts are: their digests are compared, octet by octet to the end.
bool equal_secrets(std::string_view left, std::string_view right) {
  unsigned char left_digest[SHA256_DIGEST_LENGTH], right_digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(left.data()), left.size(), left_digest);
  SHA256(reinterpret_cast<const unsigned char*>(right.data()), right.size(), right_digest);
  return CRYPTO_memcmp(left_digest, right_digest, sizeof left_digest) == 0;
}

std::string text_member(const nlohmann::json& details, const char* name) {
  const auto found = details.find(name);
  return found != details.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<std::string> offered_methods(const nlohmann::json& details) {
  std::vector<std::string> methods;
  const auto found = details.find("authmethods");
  if (found == details.end() || !found->is_array()) return {"anonymous"};
  for (const auto& method : *found) {
    if (method.is_string()) methods.push_back(method.get<std::string>());
  }
  return methods.empty() ? std::vector<std::string>{"anonymous"} : methods;
}

}  // namespace

// Every authentication method there is.
struct Authentication::Method {
  std::string_view name;
  bool (*configured)(const AuthConfig* config);
  AuthOutcome (Authentication::*start)(const nlohmann::json& details);
};
const Authentication::Method Authentication::kMethods[] = {
    {"anonymous", [](const AuthConfig* config) { return config == nullptr || config->anonymous.has_value(); },
     &Authentication::anonymous},
    {"ticket", [](const AuthConfig* config) { return config != nullptr && config->ticket.has_value(); },
     &Authentication::ticket},
};

AuthOutcome Authentication::hello(std::string_view realm, const nlohmann::json& details) {
  realm_ = realm;
  for (const std::string& offered : offered_methods(details)) {
    for (const Method& method : kMethods) {
      if (method.name == offered && method.configured(config_)) return (this->*method.start)(details);
    }
  }
  return Refusal{"wamp.error.no_matching_auth_method",
                 "none of the authentication methods the client offers is configured on this transport"};
}

AuthOutcome Authentication::anonymous(const nlohmann::json&) {
  const AnonymousAuth settings = config_ != nullptr ? *config_->anonymous : AnonymousAuth{};
  return Principal{settings.realm.empty() ? realm_ : settings.realm,
                   settings.authid.empty() ? random_authid() : settings.authid, settings.role, "anonymous", "static"};
}

AuthOutcome Authentication::ticket(const nlohmann::json& details) {
  authid_ = text_member(details, "authid");
  // An unknown authid is challenged too, so that nobody learns from outside which ones there are.
  return Challenge{"ticket"};
}

AuthOutcome Authentication::authenticate(std::string_view signature) {
  const auto& principals = *config_->ticket;
  const auto found = principals.find(authid_);
  static const TicketPrincipal kNobody{"", ""};
  const TicketPrincipal& principal = found != principals.end() ? found->second : kNobody;
  const bool equal = equal_secrets(signature, principal.ticket);
  if (!equal || found == principals.end() || principal.ticket.empty()) return kWrongCredentials;
  return Principal{realm_, authid_, principal.role, "ticket", "static"};
}

std::string Authentication::random_authid() {
  // Crossbar's look: six groups of four from an alphabet without look-alikes; 24 x 5 bits.
  static constexpr std::string_view kAlphabet = "345679ACEFGHJKLMNPQRSTUVWXYabcde";
  std::uint8_t octets[24];
  random_.fill(octets);
  std::string authid;
  for (std::size_t i = 0; i < sizeof octets; ++i) {
    if (i > 0 && i % 4 == 0) authid += '-';
    authid += kAlphabet[octets[i] & 31];
  }
  return authid;
}

}  // namespace transom::router
