#include "tls/key_file.h"

#include <cstdlib>

#include "tls/key_permissions.h"
#include "tls/pem_file.h"
#include "tls/secret.h"

namespace transom::tls {
namespace {

Result<Secret> first_line_of(const std::string& path) {
  auto content = read_pem_file(path, "passphrase");
  if (!content) return tl::make_unexpected(content.error());
  const Secret whole(std::move(*content));
  Secret line(whole.text().substr(0, whole.text().find_first_of("\r\n")));
  if (line.text().empty()) return fail("the passphrase file {} has an empty first line", path);
  return line;
}

/// systemd puts credentials into files of a directory that only the service sees.
Result<Secret> credential(const std::string& name, const std::string& key_file) {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory != nullptr) return first_line_of(std::string(directory) + "/" + name);
  return fail(
      "the passphrase of the key {} is the credential {}, but there are no credentials: $CREDENTIALS_DIRECTORY is not "
      "set; add LoadCredential={}:PATH to the systemd service of the node",
      key_file, name, name);
}

Result<Secret> variable(const std::string& name, const std::string& key_file) {
  const char* value = std::getenv(name.c_str());
  if (value != nullptr && *value != '\0') return Secret(value);
  return fail("the passphrase of the key {} is to be in the environment variable {}, which is {}", key_file, name,
              value == nullptr ? "not set" : "empty");
}

Result<Secret> read_passphrase(const CertificateConfig& config, const KeyRules& rules,
                               std::vector<std::string>& warnings) {
  const PassphraseSource& source = config.passphrase;
  switch (source.from) {
    case PassphraseSource::From::file:
      if (auto safe = check_key_permissions(source.name, rules, warnings, "passphrase file"); !safe) {
        return tl::make_unexpected(safe.error());
      }
      return first_line_of(source.name);
    case PassphraseSource::From::credential:
      return credential(source.name, config.key_file);
    case PassphraseSource::From::environment:
      return variable(source.name, config.key_file);
    case PassphraseSource::From::none:
      break;
  }
  return Secret("");
}

}  // namespace

Result<KeyHandle> load_key(const CertificateConfig& config, const KeyRules& rules, std::vector<std::string>& warnings) {
  auto content = read_pem_file(config.key_file, "key");
  if (!content) return tl::make_unexpected(content.error());
  const Secret pem(std::move(*content));
  if (auto safe = check_key_permissions(config.key_file, rules, warnings); !safe) {
    return tl::make_unexpected(safe.error());
  }
  const auto passphrase = read_passphrase(config, rules, warnings);
  if (!passphrase) return tl::make_unexpected(passphrase.error());
  const bool given = config.passphrase.from != PassphraseSource::From::none;
  return parse_private_key(pem.text(), config.key_file, given ? &passphrase->text() : nullptr);
}

}  // namespace transom::tls
