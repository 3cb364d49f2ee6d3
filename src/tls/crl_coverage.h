// Whether revocation lists belong to the authorities of clients.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "tls/crl_file.h"
#include "tls/pem_file.h"

namespace transom::tls {

/// Once there is any list, the issuer of a client's certificate needs one, so lists of the wrong authority lock clients
/// out. Warnings: no authority has one; where some have, an authority without list, and a list of a stranger. A list in
/// the name of an authority that did not sign it is an error.
Status check_crl_coverage(const std::vector<LoadedCrl>& crls, const std::vector<LoadedCertificate>& authorities,
                          std::vector<std::string>& warnings);

}  // namespace transom::tls
