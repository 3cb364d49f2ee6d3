// How much work a PKCS #12 file asks for before it shows what it holds.
#pragma once
#include <openssl/pkcs12.h>

#include <string>

namespace transom::pki {

/// Some seconds; a file that asks for more rounds only wants to keep us busy.
inline constexpr long kMaxRounds = 10'000'000;

/// Whether all keys that are derived from the passphrase take at most `kMaxRounds` together, by the functions that such
/// files use. Without a passphrase (null) what is encrypted is not looked into.
bool is_affordable(const PKCS12* store, const std::string* passphrase);

}  // namespace transom::pki
