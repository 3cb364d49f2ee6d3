// Lists of TLS 1.2 suites in OpenSSL's syntax: what of them is offered, what is not, and why.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tls/handles.h"

namespace transom::tls {

/// One element of a list that brings nothing.
struct SkippedElement {
  std::string name, reason;
};

/// A list as OpenSSL takes it, without what this OpenSSL does not know and what is broken (3DES, RC4, NULL, EXPORT,
/// anonymous), whatever its elements stand for.
struct CipherList {
  std::string text;
  std::vector<SkippedElement> skipped;
};

/// `ciphers` is what a user wrote; `setting` names it in errors, "`ciphers`". Nothing left is an error.
Result<CipherList> safe_cipher_list(std::string_view ciphers, std::string_view setting);

struct Suite {
  std::string name;            // OpenSSL's
  std::string standard_name;   // the standard's: "TLS_ECDHE_RSA_WITH_..."
  std::string version;         // the oldest that has it: "TLS 1.2"
  std::string key_exchange;    // "ECDHE", "DHE", "RSA"; "any" in TLS 1.3
  std::string authentication;  // "RSA", "ECDSA"; "any" in TLS 1.3
  std::string encryption;      // "AES-128-GCM"
  int bits = 0;
  bool forward_secrecy = false;
  bool authenticated_encryption = false;
};

Suite describe_suite(const SSL_CIPHER* cipher);

/// The suites that a list of TLS 1.2 (empty: none) and one of TLS 1.3 (empty: none) stand for, the best first.
std::vector<Suite> expand_suites(const std::string& tls12_list, const std::string& tls13_list);

/// `list` without its DHE suites; empty if nothing is left.
std::string without_dhe(const std::string& list);

/// For every suite of `list` one of the same encryption that is forward secret and authenticates with `kind` ("RSA" or
/// "ECDSA"), in the same order, as a list; empty if there is none.
std::string counterparts(const std::string& list, std::string_view kind);

}  // namespace transom::tls
