#include "tls/policy.h"

#include <algorithm>

#include "tls/openssl_error.h"

namespace transom::tls {
namespace {

constexpr char tls13_suites[] = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

/// In order of preference. What the linked library does not know is left out.
constexpr const char* wanted_groups[] = {"X25519MLKEM768", "X25519", "P-256", "P-384"};

/// Ends every list: no peer gets these, whatever was asked for before.
constexpr char never_offered[] = ":!aNULL:!eNULL:!EXPORT:!LOW:!3DES:!RC4:!DES:!RC2:!IDEA:!SEED:!MD5:!PSK:!SRP";

/// The parts of names by which we tell the user that a suite is broken and not merely unknown here.
constexpr std::string_view broken_words[] = {"3DES",  "DES-",  "RC4", "RC2",  "NULL", "EXP",  "aNULL", "ADH",
                                             "AECDH", "eNULL", "MD5", "aDSS", "LOW",  "SEED", "IDEA"};

constexpr std::size_t max_list_octets = 8192;

/// OpenSSL 3.0 refuses a whole list for one unknown group, so each is tried alone.
std::string known_groups(SSL_CTX* context) {
  std::string list;
  for (const char* group : wanted_groups) {
    if (SSL_CTX_set1_groups_list(context, group) != 1) continue;
    if (!list.empty()) list += ':';
    list += group;
  }
  return list;
}

std::vector<std::string_view> split_list(std::string_view list) {
  std::vector<std::string_view> tokens;
  while (!list.empty()) {
    const std::size_t length = std::min(list.find_first_of(":,; \t\n"), list.size());
    if (length > 0) tokens.push_back(list.substr(0, length));
    list.remove_prefix(std::min(length + 1, list.size()));
  }
  return tokens;
}

/// Whether `list` names any suite of TLS 1.2 that this OpenSSL has.
bool names_a_suite(SSL_CTX* scratch, const std::string& list) {
  const ErrorScope errors;
  return SSL_CTX_set_cipher_list(scratch, list.c_str()) == 1;
}

bool sounds_broken(std::string_view token) {
  return std::any_of(std::begin(broken_words), std::end(broken_words),
                     [token](std::string_view word) { return token.find(word) != std::string_view::npos; });
}

/// Why a list element is skipped, or an empty string if it is good.
std::string objection(SSL_CTX* scratch, std::string_view token) {
  if (token.starts_with("@SECLEVEL")) return "the security level is fixed at 2";
  if (token[0] == '!' || token[0] == '-' || token[0] == '+' || token[0] == '@') return "";
  if (token.starts_with("TLS_") || token.starts_with("TLS13_"))
    return "suites of TLS 1.3 are always on and need no name";
  const std::string element(token);
  if (names_a_suite(scratch, element + never_offered)) return "";
  if (sounds_broken(token) || names_a_suite(scratch, element)) return "it is broken and never offered";
  return "this OpenSSL does not have it";
}

struct Filtered {
  std::string list;
  bool any_suite = false;
};

Filtered filter(SSL_CTX* scratch, std::string_view ciphers, std::vector<std::string>& warnings) {
  Filtered kept;
  for (const std::string_view token : split_list(ciphers)) {
    const std::string reason = objection(scratch, token);
    if (!reason.empty()) {
      warnings.push_back(fmt::format("`ciphers`: {} is skipped: {}", token, reason));
      continue;
    }
    if (!kept.list.empty()) kept.list += ':';
    kept.list += token;
    kept.any_suite = kept.any_suite || std::string_view("!-+@").find(token[0]) == std::string_view::npos;
  }
  return kept;
}

bool offers_dhe(SSL_CTX* context) {
  const STACK_OF(SSL_CIPHER)* suites = SSL_CTX_get_ciphers(context);
  for (int i = 0; i < sk_SSL_CIPHER_num(suites); ++i) {
    if (SSL_CIPHER_get_kx_nid(sk_SSL_CIPHER_value(suites, i)) == NID_kx_dhe) return true;
  }
  return false;
}

tl::unexpected<Error> nothing_left(std::string_view why) {
  return fail(
      "`ciphers` names no TLS 1.2 suite that can be offered{}; leave it out for a good default, or use for "
      "example \"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256\"",
      why);
}

}  // namespace

Status apply_policy(SSL_CTX* context) {
  const ErrorScope errors;
  SSL_CTX_set_security_level(context, 2);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // Read-ahead takes a whole buffer of records in one (memcpy) read instead of two reads and one allocation a record.
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  const std::string groups = known_groups(context);
  const bool done = SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
                    SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
                    SSL_CTX_set_ciphersuites(context, tls13_suites) == 1 &&
                    SSL_CTX_set_cipher_list(context, default_ciphers) == 1 &&
                    SSL_CTX_set1_groups_list(context, groups.c_str()) == 1;
  if (!done) return fail("this OpenSSL cannot do TLS 1.2 and 1.3 as needed: {}", openssl_reason());
  return {};
}

Status apply_ciphers(SSL_CTX* context, std::string_view ciphers, bool has_dh_parameters,
                     std::vector<std::string>& warnings) {
  if (ciphers.empty()) return {};
  if (ciphers.size() > max_list_octets) return fail("`ciphers` is longer than {} octets", max_list_octets);
  const ErrorScope errors;
  const ContextHandle scratch(SSL_CTX_new(TLS_server_method()));
  if (!scratch) return fail("out of memory");
  Filtered kept = filter(scratch.get(), ciphers, warnings);
  kept.list += never_offered;
  if (!kept.any_suite || !names_a_suite(context, kept.list)) return nothing_left("");
  if (!has_dh_parameters && offers_dhe(context)) {
    warnings.push_back("`ciphers`: the DHE suites are not offered because there are no good `dhparam` parameters");
    if (!names_a_suite(context, kept.list + ":!kDHE")) return nothing_left(" without `dhparam`");
  }
  // A list of one's own says an order; the default leaves the choice to the client, which knows its hardware.
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  return {};
}

}  // namespace transom::tls
