// `tls` of a listening endpoint.
#include "node/schema_tables.h"

namespace transom::node {
namespace {

using tls::CertificateConfig;
using tls::ServerConfig;

/// The one certificate that the configuration of today can name.
CertificateConfig& certificate(ServerConfig& config) {
  if (config.certificates.empty()) config.certificates.emplace_back();
  return config.certificates.front();
}

/// Takes a path that must be a readable file and is never served.
std::string secret_file(SchemaReader& reader, const ConfigValue& value) {
  const auto path = reader.path(value);
  if (!path) return "";
  reader.facts.protected_files.push_back(*path);
  reader.facts.files.push_back({reader.here(value.at), *path, FileUse::Need::file});
  return *path;
}

std::vector<std::string> secret_files(SchemaReader& reader, const ConfigValue& value) {
  std::vector<std::string> files;
  if (!reader.expect(value, ConfigValue::Kind::list)) return files;
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    SchemaReader::Step step(reader, i);
    if (std::string file = secret_file(reader, value.items[i]); !file.empty()) files.push_back(std::move(file));
  }
  return files;
}

void read_ca_certificates(SchemaReader& reader, const ConfigValue& value, ServerConfig&) {
  secret_files(reader, value);
  reader.unsupported(value.at, "client certificates (\"ca_certificates\")",
                     "take it out if clients without a certificate may connect");
}

}  // namespace

const Table<ServerConfig>& tls_table() {
  using S = ServerConfig;
  const auto file = [](std::string CertificateConfig::*member) {
    return [member](SchemaReader& reader, const ConfigValue& value, S& config) {
      certificate(config).*member = secret_file(reader, value);
    };
  };
  static const Table<S> table(
      "tls",
      {
          Field<S>("key", "a path", "The private key, PEM.", file(&CertificateConfig::key_file)).needed().reloads(),
          Field<S>("certificate", "a path", "The certificate, PEM; the chain may follow in the file.",
                   file(&CertificateConfig::certificate_file))
              .needed()
              .reloads(),
          Field<S>("chain_certificates", "a list of paths", "The certificates between this one and the root.",
                   [](SchemaReader& reader, const ConfigValue& value, S& config) {
                     certificate(config).chain_files = secret_files(reader, value);
                   })
              .reloads(),
          Field<S>("dhparam", "a path", "Diffie-Hellman parameters of 2048 bits or more; absent: only ECDHE.",
                   [](SchemaReader& reader, const ConfigValue& value, S& config) {
                     config.dhparam_file = secret_file(reader, value);
                   })
              .reloads(),
          text("ciphers", &S::ciphers, "Cipher list of TLS 1.2 in OpenSSL's syntax; absent: a modern one.").reloads(),
          Field<S>("ca_certificates", "a list of paths", "Who may sign certificates of clients, which then need one.",
                   read_ca_certificates)
              .handled_as(Support::restricting),
      },
      [](SchemaReader& reader, const ConfigValue& dict, S& config) {
        const CertificateConfig& first = certificate(config);
        if (first.key_file.empty() || first.certificate_file.empty()) return;
        reader.facts.tls.push_back({reader.here(dict.at), config});
      });
  return table;
}

}  // namespace transom::node
