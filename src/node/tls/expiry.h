// Says in good time that something with an end of its validity is to be renewed: certificates, revocation lists.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace transom::tls {
class ServerContext;
}

namespace transom::node {

struct Expiring {
  std::string id;                              // the same for the same thing, e.g. a fingerprint
  std::string what;                            // "/etc/node.pem: the certificate \"CN=localhost\""
  std::int64_t not_before = 0, not_after = 0;  // seconds since 1970
};

/// What an endpoint serves: its certificates, their issuers, and its revocation lists.
void add_expiring(const tls::ServerContext& context, std::vector<Expiring>& all);

/// How near the end is: 0 while it is far, then one more at 30, 14, 7, 3 and 1 days before it, and one more when it has
/// come. What lives shorter than 90 days has its first stage at a third of its life, and of the others those after it.
std::size_t expiry_stage(const Expiring& expiring, std::int64_t now);

/// One sentence for each that is near its end.
std::vector<std::string> near_expiry(const std::vector<Expiring>& all, std::int64_t now);

/// "in 12 days", "in 5 hours", "3 days ago".
std::string distance_text(std::int64_t then, std::int64_t now);

/// Remembers what it has said, so that each stage is said once.
class ExpiryWarnings {
 public:
  /// What is to be said now; of what is not among `all` any more nothing is remembered. What has come to its end before
  /// it was seen for the first time is left to those who load it.
  std::vector<std::string> due(const std::vector<Expiring>& all, std::int64_t now);

 private:
  std::map<std::string, std::size_t> said_;  // the stage by id
};

}  // namespace transom::node
