#include "tls/ciphers.h"

#include <algorithm>

#include "tls/openssl_error.h"

namespace transom::tls {
namespace {

/// Ends every list: no peer gets these, whatever was asked for before.
constexpr char never_offered[] = ":!aNULL:!eNULL:!EXPORT:!LOW:!3DES:!RC4:!DES:!RC2:!IDEA:!SEED:!MD5:!PSK:!SRP:!aDSS";

/// The parts of names by which we tell the user that a suite is broken and not merely unknown here.
constexpr std::string_view broken_words[] = {"3DES",  "DES-",  "RC4", "RC2",  "NULL", "EXP",  "aNULL", "ADH",
                                             "AECDH", "eNULL", "MD5", "aDSS", "LOW",  "SEED", "IDEA"};

constexpr std::size_t max_list_octets = 8192;

constexpr std::string_view operators = "!-+@";

ContextHandle scratch_context() {
  ContextHandle scratch(SSL_CTX_new(TLS_server_method()));
  if (scratch) SSL_CTX_set_security_level(scratch.get(), 2);
  return scratch;
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
  if (operators.find(token[0]) != std::string_view::npos) return "";
  if (token.starts_with("TLS_") || token.starts_with("TLS13_")) {
    return "suites of TLS 1.3 are always on and need no name";
  }
  const std::string element(token);
  if (names_a_suite(scratch, element + never_offered)) return "";
  if (sounds_broken(token) || names_a_suite(scratch, element)) return "it is broken and never offered";
  return "this OpenSSL does not have it";
}

std::string key_exchange_of(const SSL_CIPHER* cipher) {
  switch (SSL_CIPHER_get_kx_nid(cipher)) {
    case NID_kx_any:
      return "any";
    case NID_kx_ecdhe:
      return "ECDHE";
    case NID_kx_dhe:
      return "DHE";
    case NID_kx_rsa:
      return "RSA";
    default:
      return "other";
  }
}

std::string authentication_of(const SSL_CIPHER* cipher) {
  switch (SSL_CIPHER_get_auth_nid(cipher)) {
    case NID_auth_any:
      return "any";
    case NID_auth_rsa:
      return "RSA";
    case NID_auth_ecdsa:
      return "ECDSA";
    default:
      return "other";
  }
}

/// OBJ's short names are "AES-128-CBC" but "id-aes128-GCM".
std::string encryption_of(const SSL_CIPHER* cipher) {
  const int nid = SSL_CIPHER_get_cipher_nid(cipher);
  if (nid == NID_aes_128_gcm) return "AES-128-GCM";
  if (nid == NID_aes_256_gcm) return "AES-256-GCM";
  if (nid == NID_aes_128_ccm) return "AES-128-CCM";
  if (nid == NID_aes_256_ccm) return "AES-256-CCM";
  const char* name = nid == NID_undef ? nullptr : OBJ_nid2sn(nid);
  return name == nullptr ? "none" : name;
}

void append(std::string& list, const std::string& name) {
  if ((":" + list + ":").find(":" + name + ":") != std::string::npos) return;
  if (!list.empty()) list += ':';
  list += name;
}

/// "DHE-RSA-AES128-SHA", "ECDHE-RSA-AES128-SHA" and "AES128-SHA" all end with what they encrypt with.
std::string_view encryption_part(std::string_view name) {
  for (const std::string_view prefix : {"ECDHE-RSA-", "ECDHE-ECDSA-", "DHE-RSA-"}) {
    if (name.starts_with(prefix)) return name.substr(prefix.size());
  }
  return name;
}

/// " (NAME: reason; ...)", or nothing.
std::string reasons(const std::vector<SkippedElement>& skipped) {
  constexpr std::size_t max_shown = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(skipped.size(), max_shown); ++i) {
    text += fmt::format("{}{}: {}", i == 0 ? " (" : "; ", skipped[i].name, skipped[i].reason);
  }
  if (skipped.size() > max_shown) text += fmt::format("; and {} more", skipped.size() - max_shown);
  return text.empty() ? text : text + ")";
}

}  // namespace

Result<CipherList> safe_cipher_list(std::string_view ciphers, std::string_view setting) {
  if (ciphers.size() > max_list_octets) return fail("{} is longer than {} octets", setting, max_list_octets);
  const ErrorScope errors;
  const ContextHandle scratch = scratch_context();
  if (!scratch) return fail("out of memory");
  CipherList kept;
  bool any_suite = false;  // operators alone have nothing to work on but OpenSSL's own default
  for (const std::string_view token : split_list(ciphers)) {
    if (std::string reason = objection(scratch.get(), token); !reason.empty()) {
      kept.skipped.push_back({std::string(token), std::move(reason)});
      continue;
    }
    if (!kept.text.empty()) kept.text += ':';
    kept.text += token;
    any_suite = any_suite || operators.find(token[0]) == std::string_view::npos;
  }
  kept.text += never_offered;
  if (any_suite && names_a_suite(scratch.get(), kept.text)) return kept;
  return fail(
      "{} names no TLS 1.2 suite that can be offered{}; leave it out for a good default, or use for example "
      "\"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256\"",
      setting, reasons(kept.skipped));
}

Suite describe_suite(const SSL_CIPHER* cipher) {
  Suite suite;
  suite.name = SSL_CIPHER_get_name(cipher);
  if (const char* name = SSL_CIPHER_standard_name(cipher)) suite.standard_name = name;
  const std::string version = SSL_CIPHER_get_version(cipher);  // "TLSv1.2"
  suite.version = version.starts_with("TLSv") ? "TLS " + version.substr(4) : version;
  suite.key_exchange = key_exchange_of(cipher);
  suite.authentication = authentication_of(cipher);
  suite.encryption = encryption_of(cipher);
  suite.bits = SSL_CIPHER_get_bits(cipher, nullptr);
  suite.forward_secrecy = suite.key_exchange != "RSA" && suite.key_exchange != "other";
  suite.authenticated_encryption = SSL_CIPHER_is_aead(cipher) == 1;
  return suite;
}

std::vector<Suite> expand_suites(const std::string& tls12_list, const std::string& tls13_list) {
  const ErrorScope errors;
  std::vector<Suite> suites;
  const ContextHandle scratch = scratch_context();
  if (!scratch || SSL_CTX_set_ciphersuites(scratch.get(), tls13_list.c_str()) != 1) return suites;
  // OpenSSL never takes an empty list; its own then stands there, and is left out below.
  const bool has_tls12 = !tls12_list.empty() && names_a_suite(scratch.get(), tls12_list);
  const STACK_OF(SSL_CIPHER)* all = SSL_CTX_get_ciphers(scratch.get());
  for (int i = 0; i < sk_SSL_CIPHER_num(all); ++i) {
    Suite suite = describe_suite(sk_SSL_CIPHER_value(all, i));
    if (has_tls12 || suite.version == "TLS 1.3") suites.push_back(std::move(suite));
  }
  return suites;
}

std::string without_dhe(const std::string& list) {
  const std::string rest = list + ":!kDHE";
  return expand_suites(rest, "").empty() ? "" : rest;
}

std::string counterparts(const std::string& list, std::string_view kind) {
  const ContextHandle scratch = scratch_context();
  std::string found;
  for (const Suite& suite : expand_suites(list, "")) {
    const std::string name = fmt::format("ECDHE-{}-{}", kind, encryption_part(suite.name));
    if (scratch && names_a_suite(scratch.get(), name)) append(found, name);
  }
  return found;
}

}  // namespace transom::tls
