// What is asked of an ACME server: the payloads of signed requests (RFC 8555 section 7).
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "tls/handles.h"

namespace transom::acme {

/// Agrees to the terms of service: whoever configures ACME has.
std::string new_account(const std::vector<std::string>& contacts);
/// Other contacts for an account that is there.
std::string changed_contacts(const std::vector<std::string>& contacts);

/// `replaces`: what renewal_id says of the certificate that this one will follow (RFC 9773 section 5); empty: none.
std::string new_order(const std::vector<std::string>& domains, const std::string& replaces);

/// With a request for a certificate for `domains` by `key` (PKCS #10).
Result<std::string> finalize(const std::vector<std::string>& domains, EVP_PKEY* key);

/// "We are ready to be asked."
inline constexpr char kReady[] = "{}";

/// How RFC 9773 calls a certificate: its issuer's key and its serial number. Fails where it names no key.
Result<std::string> renewal_id(X509* certificate);

}  // namespace transom::acme
