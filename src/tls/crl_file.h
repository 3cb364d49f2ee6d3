// Files with certificate revocation lists.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "tls/handles.h"

namespace transom::tls {

using CrlHandle = std::unique_ptr<X509_CRL, FreeWith<X509_CRL_free>>;

struct LoadedCrl {
  CrlHandle crl;
  std::string file;
  std::string issuer() const;  // RFC 2253
};

/// All lists of a file, one in DER or some in PEM; at least one.
Result<std::vector<LoadedCrl>> load_crls(const std::string& file);

}  // namespace transom::tls
