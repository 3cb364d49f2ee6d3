// Requests for certificates: PKCS #10 (RFC 2986).
#pragma once
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "pki/names.h"
#include "tls/handles.h"

namespace transom::pki {

using RequestHandle = std::unique_ptr<X509_REQ, tls::FreeWith<X509_REQ_free>>;

/// A request for `names`, signed by `key`, as PEM. The common name is the first name, for people only.
Result<std::string> make_request(const Names& names, EVP_PKEY* key);

/// A request, PEM or DER, whose signature was verified: whoever made it has the key. `what` names it in messages.
Result<RequestHandle> read_request(const std::string& content, const std::string& what);

/// The alternative names asked for; the common name counts where there are none. Types other than host name, address
/// and mail are refused, as is what is damaged and what `parse_names` refuses.
Result<Names> requested_names(X509_REQ* request, const std::string& what);

}  // namespace transom::pki
