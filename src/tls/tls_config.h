// What a listening endpoint's `tls` dictionary says, after the config is read; paths are absolute.
#pragma once
#include <string>
#include <vector>

namespace transom::tls {

/// One certificate with its key. `certificate_file` may hold the whole chain, leaf first.
struct CertificateConfig {
  std::string key_file;
  std::string certificate_file;
  std::vector<std::string> chain_files;  // `chain_certificates`
};

struct ServerConfig {
  std::vector<CertificateConfig> certificates;  // at least one; several (RSA + ECDSA, SNI) come later
  std::string dhparam_file;                     // empty: no DHE suite is offered
  std::string ciphers;                          // TLS 1.2 list in OpenSSL syntax; empty: the modern default
};

}  // namespace transom::tls
