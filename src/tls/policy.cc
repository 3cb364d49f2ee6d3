#include "tls/policy.h"

#include <algorithm>

#include "tls/ciphers.h"
#include "tls/groups.h"
#include "tls/openssl_error.h"

namespace transom::tls {
namespace {

std::string join(const std::vector<std::string>& names, char separator) {
  std::string list;
  for (const std::string& name : names) {
    if (!list.empty()) list += separator;
    list += name;
  }
  return list;
}

/// The TLS 1.2 list under way to be what is offered.
struct Choice {
  std::string setting;  // "`ciphers`", for messages
  std::string list;
};

bool offers_dhe(const std::string& list) {
  const auto suites = expand_suites(list, "");
  return std::any_of(suites.begin(), suites.end(), [](const Suite& suite) { return suite.key_exchange == "DHE"; });
}

Status leave_out_dhe(Choice& choice, DhParameters dh, std::vector<std::string>& warnings) {
  const bool offers = offers_dhe(choice.list);
  if (dh == DhParameters::present && !offers) {
    warnings.push_back(fmt::format("`dhparam` has no effect: {} has no DHE suite", choice.setting));
  }
  if (dh == DhParameters::present || !offers) return {};
  choice.list = without_dhe(choice.list);
  if (choice.list.empty()) {
    return fail("{} names no TLS 1.2 suite that can be offered without `dhparam`; add \"dhparam\": \"auto\"",
                choice.setting);
  }
  if (dh == DhParameters::refused) return {};  // said already, with the file
  warnings.push_back(fmt::format(
      "{}: the DHE suites are not offered because there are no `dhparam` parameters; add \"dhparam\": \"auto\"",
      choice.setting));
  return {};
}

bool serves(const std::string& list, const KeyKinds& kinds) {
  const auto suites = expand_suites(list, "");
  return std::any_of(suites.begin(), suites.end(),
                     [&kinds](const Suite& suite) { return kinds.count(suite.authentication) > 0; });
}

/// The lists of 2014 know only RSA; with the EC certificates of today they would shut out every TLS 1.2 client.
void add_missing_kinds(Choice& choice, const std::vector<KeyKinds>& names, std::vector<std::string>& warnings) {
  for (const KeyKinds& kinds : names) {
    if (kinds.empty() || serves(choice.list, kinds)) continue;
    const std::string& kind = *kinds.begin();
    std::string added = counterparts(choice.list, kind);
    if (added.empty()) added = counterparts(profile_parts(Profile::modern).tls12_suites, kind);
    warnings.push_back(
        fmt::format("{} names no TLS 1.2 suite for the {} key: {} {} added, so that TLS 1.2 clients can connect",
                    choice.setting, kind, added, added.find(':') == std::string::npos ? "was" : "were"));
    choice.list += ":" + added;
  }
}

void warn_of_lasting_keys(const Choice& choice, std::vector<std::string>& warnings) {
  std::vector<std::string> found;
  for (const Suite& suite : expand_suites(choice.list, "")) {
    if (!suite.forward_secrecy) found.push_back(suite.name);
  }
  if (found.empty()) return;
  warnings.push_back(
      fmt::format("{}: {} have no forward secrecy: whoever gets the key some day can read all that was recorded; "
                  "take them out, or add :!kRSA",
                  choice.setting, join(found, ' ')));
}

Result<std::string> choose_tls12(const ServerConfig& config, DhParameters dh, const std::vector<KeyKinds>& names,
                                 std::vector<std::string>& warnings) {
  if (config.tls13_only) {
    if (!config.ciphers.empty()) {
      warnings.emplace_back("`ciphers` has no effect: it is for TLS 1.2, and `min_version` is 1.3");
    }
    return std::string();
  }
  const ProfileParts& parts = profile_parts(config.profile);
  Choice choice{"`ciphers`", config.ciphers};
  if (config.ciphers.empty()) {
    choice = {fmt::format("`profile` \"{}\"", parts.name), parts.tls12_suites};
    if (dh == DhParameters::present && !parts.dhe_suites.empty()) choice.list += ":" + parts.dhe_suites;
  }
  const auto safe = safe_cipher_list(choice.list, choice.setting);
  if (!safe) return tl::make_unexpected(safe.error());
  for (const SkippedElement& skipped : safe->skipped) {
    warnings.push_back(fmt::format("{}: {} is skipped: {}", choice.setting, skipped.name, skipped.reason));
  }
  choice.list = safe->text;
  if (auto status = leave_out_dhe(choice, dh, warnings); !status) return tl::make_unexpected(status.error());
  add_missing_kinds(choice, names, warnings);
  warn_of_lasting_keys(choice, warnings);
  return choice.list;
}

}  // namespace

const ProfileParts& profile_parts(Profile profile) {
  // Mozilla's intermediate list, all forward secret and AEAD.
  static const ProfileParts modern = {
      "modern",
      "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256",
      "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
      "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305",
      "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305",
      {"X25519MLKEM768", "X25519", "P-256", "P-384"},
  };

  // No DHE: parameters of 4096 bits, which alone would keep the score, cost more than all the rest of a handshake.
  static const ProfileParts strict = {
      "strict",
      "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256",
      "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
      "ECDHE-RSA-CHACHA20-POLY1305",
      "",
      {"X25519MLKEM768", "X25519", "P-384", "P-256"},
  };

  static const ProfileParts seed2014 = {
      "seed2014",
      "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256",
      "ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-SHA256:DHE-RSA-AES128-SHA256:"
      "ECDHE-RSA-AES128-SHA:DHE-RSA-AES128-SHA",
      "",
      {"X25519MLKEM768", "X25519", "P-256", "P-384"},
  };
  if (profile == Profile::strict) return strict;
  return profile == Profile::seed2014 ? seed2014 : modern;
}

Result<Policy> choose_policy(const ServerConfig& config, DhParameters dh, const std::vector<KeyKinds>& names,
                             std::vector<std::string>& warnings) {
  Policy policy;
  const ProfileParts& parts = profile_parts(config.profile);
  policy.tls13_suites = parts.tls13_suites;
  policy.server_order = !config.ciphers.empty() || config.profile == Profile::seed2014;
  auto tls12 = choose_tls12(config, dh, names, warnings);
  if (!tls12) return tl::make_unexpected(tls12.error());
  policy.tls12_suites = std::move(*tls12);
  policy.groups = join(known_groups(parts.groups), ':');
  if (!config.groups.empty()) {
    const auto groups = choose_groups(config.groups, warnings);
    if (!groups) return tl::make_unexpected(groups.error());
    policy.groups = join(*groups, ':');
  }
  return policy;
}

Policy default_policy() {
  const ProfileParts& modern = profile_parts(Profile::modern);
  return {modern.tls13_suites, modern.tls12_suites, join(known_groups(modern.groups), ':'), false};
}

Status apply_policy(SSL_CTX* context, const Policy& policy) {
  const ErrorScope errors;
  SSL_CTX_set_security_level(context, 2);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  if (policy.server_order) SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  // Read-ahead takes a whole buffer of records in one (memcpy) read instead of two reads and one allocation a record.
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  const bool tls12 = !policy.tls12_suites.empty();
  const bool done = SSL_CTX_set_min_proto_version(context, tls12 ? TLS1_2_VERSION : TLS1_3_VERSION) == 1 &&
                    SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
                    SSL_CTX_set_ciphersuites(context, policy.tls13_suites.c_str()) == 1 &&
                    (!tls12 || SSL_CTX_set_cipher_list(context, policy.tls12_suites.c_str()) == 1) &&
                    SSL_CTX_set1_groups_list(context, policy.groups.c_str()) == 1;
  if (!done) return fail("this OpenSSL cannot do TLS 1.2 and 1.3 as needed: {}", openssl_reason());
  return {};
}

}  // namespace transom::tls
