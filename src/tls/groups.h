// The groups of key exchanges (RFC 8446 section 4.2.7): what the linked library has, and what of it a server offers.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace transom::tls {

struct Group {
  unsigned int id = 0;             // of the wire
  std::string name;                // the usual one: "X25519", "P-256"
  std::vector<std::string> names;  // all by which OpenSSL knows it: "secp256r1", "prime256v1"
  std::string algorithm;           // "EC", "X25519", "DH"
  int bits = 0;                    // of its keys: 253 for X25519; 0: does not say
  int security_bits = 0;           // how many an attacker must guess
  bool tls13 = false, tls12 = false;
};

/// All groups of the linked library, strongest first.
std::vector<Group> library_groups();

/// The groups out of `wanted`, in its order, by their usual names; what the library does not have and what is too weak
/// is skipped with a warning. P-256 is always among them, for certificates of TLS 1.2 need it and every client has it.
Result<std::vector<std::string>> choose_groups(const std::vector<std::string>& wanted,
                                               std::vector<std::string>& warnings);

/// Those of `names` that the library has.
std::vector<std::string> known_groups(const std::vector<std::string>& names);

}  // namespace transom::tls
