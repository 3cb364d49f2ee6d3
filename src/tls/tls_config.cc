#include "tls/tls_config.h"

namespace transom::tls {

std::vector<std::string> files_of(const ServerConfig& config) {
  std::vector<std::string> files;
  const auto add = [&files](const std::string& file) {
    if (!file.empty()) files.push_back(file);
  };
  const auto add_all = [&add](const std::vector<std::string>& several) {
    for (const std::string& file : several) add(file);
  };
  for (const CertificateConfig& certificate : config.certificates) {
    add(certificate.key_file);
    add(certificate.certificate_file);
    add_all(certificate.chain_files);
    add(certificate.staple_file);
    if (certificate.passphrase.from == PassphraseSource::From::file) add(certificate.passphrase.name);
  }
  add(config.dhparam_file);
  add_all(config.client_auth.ca_files);
  add_all(config.client_auth.crl_files);
  add_all(config.tickets.key_files);
  return files;
}

}  // namespace transom::tls
