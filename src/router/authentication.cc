#include "router/authentication.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.h"

namespace transom::router {
namespace {

const Refusal kWrongCredentials{"wamp.error.not_authorized", "authentication failed", ""};

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

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool equal_hosts(std::string_view left, std::string_view right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [lower](char a, char b) { return lower(a) == lower(b); });
}

/// `name` says its kind, as OpenSSL writes it: "DNS:", "email:", "URI:" or "IP:". What is of one kind never stands for
/// another.
bool has_alternative_name(const ClientCertificate& certificate, std::string_view name) {
  const std::size_t colon = name.find(':');
  const std::string_view kind = name.substr(0, colon);
  const std::string_view value = colon == std::string_view::npos ? "" : name.substr(colon + 1);
  if (kind == "email") return contains(certificate.emails, value);
  if (kind == "URI") return contains(certificate.uris, value);
  if (kind == "IP") return contains(certificate.ip_addresses, value);
  return kind == "DNS" && std::any_of(certificate.dns_names.begin(), certificate.dns_names.end(),
                                      [value](const std::string& known) { return equal_hosts(known, value); });
}

bool is_of(const TlsPrincipal& principal, const ClientCertificate& certificate) {
  switch (principal.by) {
    case TlsPrincipal::By::sha256:
      return principal.value == certificate.sha256;
    case TlsPrincipal::By::sha1:
      return principal.value == certificate.sha1;
    case TlsPrincipal::By::subject:
      return principal.value == certificate.subject;
    case TlsPrincipal::By::san:
      return has_alternative_name(certificate, principal.value);
  }
  return false;
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
    {"tls", wants_certificate, &Authentication::tls},
};

AuthOutcome Authentication::hello(std::string_view realm, const nlohmann::json& details,
                                  const ClientCertificate* certificate) {
  realm_ = realm;
  certificate_ = certificate;
  for (const std::string& offered : offered_methods(details)) {
    for (const Method& method : kMethods) {
      if (method.name == offered && method.configured(config_)) return (this->*method.start)(details);
    }
  }
  return Refusal{"wamp.error.no_matching_auth_method",
                 "none of the authentication methods the client offers is configured on this transport", ""};
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

/// The TLS layer has verified the certificate already; what is left is to find out whose it is.
AuthOutcome Authentication::tls(const nlohmann::json& details) {
  if (certificate_ == nullptr) {
    return Refusal{"wamp.error.not_authorized", "method \"tls\" needs a client certificate, and the client showed none",
                   ""};
  }
  const auto& principals = *config_->tls;
  const std::string wanted = text_member(details, "authid");
  const auto found = wanted.empty()
                         ? std::find_if(principals.begin(), principals.end(),
                                        [this](const auto& known) { return is_of(known.second, *certificate_); })
                         : principals.find(wanted);
  if (found == principals.end() || !is_of(found->second, *certificate_)) {
    return Refusal{kWrongCredentials.uri, kWrongCredentials.message,
                   fmt::format("{} has the certificate with SHA-256 {} (\"{}\")",
                               wanted.empty() ? "no principal" : fmt::format("not \"{}\"", log_safe(wanted, 40)),
                               certificate_->sha256, certificate_->subject)};
  }
  return Principal{realm_, found->first, found->second.role, "tls", "static"};
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
