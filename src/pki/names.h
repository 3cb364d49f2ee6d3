// The names a certificate is asked for, as people write them on a command line.
#pragma once
#include <openssl/x509v3.h>

#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace transom::pki {

/// Subject alternative names by type (RFC 5280, 4.2.1.6).
struct Names {
  std::vector<std::string> dns, ip_addresses, emails;
  bool operator==(const Names&) const = default;
  bool empty() const { return dns.empty() && ip_addresses.empty() && emails.empty(); }
};

/// Each word is a host name ("*.example.com" too), an IP address (with or without brackets) or a mail address.
/// Names are lower-cased and de-duplicated, addresses in their usual form; nothing in them can move a terminal's
/// cursor. What people write by mistake (a URL, "host:443", blanks, an underscore, a public suffix' wildcard like
/// "*.com") is refused with the remedy; letters beyond ASCII must be in the form "xn--".
Result<Names> parse_names(std::span<const std::string> words);

/// Alternative names as `parse_names` takes them; types other than host name, address and mail are refused.
Result<Names> read_names(const GENERAL_NAMES* list);

/// "DNS:example.com,IP:127.0.0.1", the value of a subjectAltName in OpenSSL's syntax; empty for no names.
std::string alternative_names(const Names& names);

/// What stands as common name, for people only: the first name; empty where it is longer than the 64 characters there
/// are for it.
std::string common_name(const Names& names);

}  // namespace transom::pki
