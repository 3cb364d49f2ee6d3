#include "node/acme/files.h"

#include <openssl/evp.h>

#include <algorithm>
#include <set>

#include "base/result.h"

namespace transom::node {
namespace {

constexpr std::size_t kLongestName = 100;  // a file system allows 255 octets
constexpr std::size_t kHashOctets = 8;

/// For names of files only: that it is short costs no safety, since the names are the owner's own.
std::string short_hash(const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  EVP_Digest(text.data(), text.size(), digest, nullptr, EVP_sha256(), nullptr);
  std::string hex;
  for (std::size_t i = 0; i < kHashOctets; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

/// A domain as a part of a file's name.
std::string file_name(const std::string& domain) {
  std::string name = domain.substr(0, kLongestName);
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; };
  for (char& c : name) c = plain(c) ? c : '_';
  if (name.empty() || name.front() == '.') name.insert(0, "_");
  return name;
}

}  // namespace

AcmeFiles acme_files(const tls::AcmeConfig& config) {
  const std::set<std::string> domains(config.domains.begin(), config.domains.end());
  std::string identity = config.directory_url;
  for (const std::string& domain : domains) identity += "\n" + domain;
  const std::string account = config.state_directory + "/account-" + short_hash(config.directory_url);
  const std::string first = domains.empty() ? "" : *domains.begin();
  const std::string certificate = config.state_directory + "/" + file_name(first) + "-" + short_hash(identity);
  return {account + ".key",
          account + ".json",
          certificate,
          certificate + "/key.pem",
          certificate + "/chain.pem",
          certificate + ".json",
          certificate + ".pending.key"};
}

tls::CertificateConfig acme_certificate(const AcmeFiles& files) {
  tls::CertificateConfig certificate;
  certificate.key_file = files.key;
  certificate.certificate_file = files.chain;
  return certificate;
}

}  // namespace transom::node
