// Cipher suites by number, and what their names tell. Independent of what the linked library can speak.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "grade/versions.h"

namespace transom::grade {

struct Suite {
  std::uint16_t number;
  std::string_view name;  // that of the IANA registry
};

/// All that a stranger can be offered (none that need a shared secret: PSK, SRP, Kerberos), by number.
std::span<const Suite> all_suites();

/// "TLS_RSA_WITH_AES_128_CBC_SHA", or "0x1A1A" for one that is not in the table.
std::string suite_name(std::uint16_t number);

enum class SuiteAuth : std::uint8_t { any, rsa, ecdsa, dss, none, other };

struct SuiteTraits {
  int bits = 0;  // of the cipher as it is rated: 3DES counts 112, an export cipher what is left of its key
  SuiteAuth auth = SuiteAuth::any;
  bool tls13 = false;  // a suite of TLS 1.3, which says nothing of keys
  bool tls12_only = false;
  bool forward_secret = false;
  bool ecdhe = false, dhe = false;  // ephemeral, also anonymous
  bool aead = false;
  bool rc4 = false, cbc = false, block64 = false;
  bool export_grade = false, anonymous = false;

  /// Nobody should offer it, in whatever version.
  bool broken() const { return anonymous || export_grade || rc4 || block64 || bits < 112; }
};

/// Read from the name; a suite that is not in the table counts as one of 128 bits without forward secrecy.
SuiteTraits suite_traits(std::uint16_t number);

/// Whether a server of `version` can choose the suite at all.
bool suite_fits(const SuiteTraits& traits, Version version);

/// The suites of SSL 2, whose numbers have three octets; their bits are the key's.
struct Ssl2Suite {
  std::uint32_t number;
  std::string_view name;
  int bits;
};
std::span<const Ssl2Suite> ssl2_suites();

}  // namespace transom::grade
