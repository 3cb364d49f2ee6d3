#include "tls/tls_config.h"

namespace transom::tls {
namespace {

void add(std::vector<std::string>& files, const std::string& file) {
  if (!file.empty()) files.push_back(file);
}

void add(std::vector<std::string>& files, const std::vector<std::string>& more) {
  files.insert(files.end(), more.begin(), more.end());
}

}  // namespace

std::vector<std::string> files_of(const ServerConfig& config) {
  std::vector<std::string> files;
  for (const CertificateConfig& one : config.certificates) {
    add(files, one.key_file);
    add(files, one.certificate_file);
    add(files, one.chain_files);
    add(files, one.staple_file);
    if (one.passphrase.from == PassphraseSource::From::file) add(files, one.passphrase.name);
  }
  add(files, config.dhparam_file);
  add(files, config.client_auth.ca_files);
  add(files, config.client_auth.crl_files);
  add(files, config.tickets.key_files);
  return files;
}

}  // namespace transom::tls
