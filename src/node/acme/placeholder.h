// What is served for `tls.acme` until the first certificate has come: a self-signed one.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "node/config/config.h"
#include "node/privileges.h"
#include "tls/certificate_info.h"

namespace transom::node {

/// Every `tls.acme` of the node, those that share a certificate once.
std::vector<const tls::ServerConfig*> acme_endpoints(const NodeConfig& config);

/// Whether `info` is of a certificate that this file makes: one from an authority should take its place at once.
bool is_acme_placeholder(const tls::CertificateInfo& info);

/// The names of what is in the state directory for certificates or accounts that no endpoint has any more, sorted. The
/// node removes none: whoever goes back to the old names has use for them.
std::vector<std::string> unused_acme_files(const NodeConfig& config);

/// Whether the pair on disk will do: it can be loaded, and holds all the configured domains.
bool is_acme_pair_usable(const tls::AcmeConfig& acme, std::int64_t now);

/// Makes the state directory and, for each certificate that is not there or will not do, a placeholder. To be called
/// before the node opens. Where root is to become `user`, the directory is this user's; since it might be a trap of
/// his, root works in it with no more rights than he has. Fails where the directory cannot be written, and where what
/// is there cannot be read: it may be a good certificate.
Status place_acme_placeholders(const NodeConfig& config, const std::optional<RunAs>& user, std::int64_t now);

}  // namespace transom::node
