// Where certificates by ACME and the accounts for them stand on disk.
#pragma once
#include <string>

#include "tls/tls_config.h"

namespace transom::node {

/// The state directory, in the node directory.
inline constexpr const char* kAcmeDirectoryName = "acme";

/// The files of one `tls.acme` below its state directory. Endpoints with the same domains at the same directory URL
/// share them, and all at the same directory URL share the account.
struct AcmeFiles {
  std::string account_key;  // PEM, 0600
  std::string account;      // JSON: what the server calls the account
  std::string certificate_directory;
  std::string key;          // `key.pem` in it, 0600
  std::string chain;        // `chain.pem` in it, leaf first
  std::string state;        // JSON beside the directory: when to try again, which order is under way
  std::string pending_key;  // of the order under way, 0600
};
AcmeFiles acme_files(const tls::AcmeConfig& config);

/// The pair as an endpoint serves it.
tls::CertificateConfig acme_certificate(const AcmeFiles& files);

}  // namespace transom::node
