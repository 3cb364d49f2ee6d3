#include "cli/server_trial.h"

#include "tls/context.h"

namespace transom::cli {

ServerTrial try_pair(const std::string& key, const std::string& certificate, const PassphraseOptions& passphrase,
                     tls::KeyPermissions permissions) {
  tls::CertificateConfig pair{key, certificate, {}};
  if (passphrase.file) pair.passphrase = {tls::PassphraseSource::From::file, *passphrase.file};
  if (passphrase.variable) pair.passphrase = {tls::PassphraseSource::From::environment, *passphrase.variable};
  tls::ServerConfig config;
  config.certificates = {pair};
  config.key_permissions = permissions;
  ServerTrial trial;
  const auto context = tls::ServerContext::create(config, {}, trial.warnings);
  if (!context) trial.refusal = context.error().message;
  return trial;
}

}  // namespace transom::cli
