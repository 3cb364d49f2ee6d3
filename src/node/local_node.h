// The default node: what serves where nothing is configured, and the certificates it makes for itself.
#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"
#include "node/config/config.h"

namespace transom::node {

inline constexpr std::uint16_t kLocalNodePort = 8443;

/// The files of a default node, below its directory.
struct LocalNodeFiles {
  explicit LocalNodeFiles(std::string node_directory);
  std::string directory;
  std::string root_cert, intermediate_cert, intermediate_key;  // ca/: the root's own key is never written
  std::string cert_chain, cert_key;                            // tls/: for localhost and the loopback addresses
};

struct LocalNodeChanges {
  bool new_ca = false;           // whoever trusted an older one must trust this one
  bool replaced_ca = false;      // there was one, and it could not be used any more
  bool new_certificate = false;  // also whenever there is a new CA
};

/// Makes the directory itself, for this user alone, so that a NodeLock can be taken in it.
Status make_local_directory(const std::string& directory);

/// Makes what is missing below `directory` (0700), and again what cannot be used: half written, expired, not fitting
/// together. A directory that others can write to is refused. `now` is in seconds since 1970.
Result<LocalNodeChanges> prepare_local_node(const std::string& directory, std::int64_t now);

/// For the running node: makes a new certificate when the old one has passed two thirds of its life. True when there
/// are new files to load.
Result<bool> renew_if_due(const std::string& directory, std::int64_t now);

/// One worker, realm1 in which everybody may do everything, one web transport on the loopback addresses.
NodeConfig make_local_config(const std::string& directory, std::uint16_t port, bool with_ipv6);

/// Whether this machine has ::1.
bool has_ipv6_loopback();

}  // namespace transom::node
