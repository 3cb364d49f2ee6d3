// What to do by hand where no store of this machine is read: other systems, and programs with ways of their own.
#pragma once
#include <string>

#include "cli/trust/certificate.h"

namespace transom::cli {

std::string advice_to_trust(const TrustCertificate& ca);
std::string advice_to_untrust(const TrustCertificate& ca);

}  // namespace transom::cli
