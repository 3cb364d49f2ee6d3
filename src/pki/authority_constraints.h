// Name constraints (RFC 5280, 4.2.1.10): for whom an authority can vouch, whoever gets hold of its key.
#pragma once
#include <span>
#include <string>

#include "base/result.h"
#include "pki/names.h"
#include "tls/handles.h"

namespace transom::pki {

/// The extension, in OpenSSL's syntax, that permits just what the words say: a domain with all below it
/// ("example.com"), an address or a network ("192.168.7.0/24"), the mail addresses of a host ("@example.com") or one of
/// them. A type that no word speaks of is closed: one that is not mentioned would be open.
Result<std::string> constraints_for(std::span<const std::string> words);

/// Nothing when the constraints of `authority` permit all `names`; else the first that they do not permit is named.
Status check_permitted(X509* authority, const Names& names);

/// What `authority` may vouch for, in words: "example.com, 10.0.0.0/8, @example.com"; empty: anything.
std::string describe_constraints(X509* authority);

}  // namespace transom::pki
