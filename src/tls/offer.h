// What an endpoint offers, in one line for the log.
#pragma once
#include <string>
#include <vector>

#include "tls/context.h"
#include "tls/policy.h"

namespace transom::tls {

std::string describe_offer(const ServerConfig& config, const Policy& policy,
                           const std::vector<ServedCertificate>& certificates);

}  // namespace transom::tls
