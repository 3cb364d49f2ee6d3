#include "cli/certificate_input.h"

#include <algorithm>

#include "cli/cli_error.h"
#include "cli/input_file.h"
#include "pki/objects.h"

namespace transom::cli {
namespace {

constexpr std::size_t kMaxCertificates = 1000;  // a system's bundle of roots has 150

bool has_certificate(const std::vector<pki::FoundObject>& objects) {
  return std::any_of(objects.begin(), objects.end(),
                     [](const auto& one) { return std::holds_alternative<tls::CertificateHandle>(one); });
}

/// A passphrase is asked for only where there is no certificate without it.
std::vector<pki::FoundObject> objects_of(const std::string& path, const PassphraseOptions& options) {
  const tls::Secret content = read_secret_input(path, "file");
  auto objects = value_or_give_up(pki::read_objects(content.text(), path, ""));
  if (has_certificate(objects)) return objects;
  const auto* key = std::get_if<pki::FoundKey>(&objects.front());
  if (objects.size() > 1 || key == nullptr || key->key || content.text().find("-----BEGIN") != std::string::npos) {
    return objects;
  }
  const tls::Secret passphrase = old_passphrase(options, path);
  return value_or_give_up(pki::read_objects(content.text(), path, passphrase.text()));
}

}  // namespace

std::vector<tls::LoadedCertificate> read_certificates(std::span<const std::string> paths,
                                                      const PassphraseOptions& passphrase) {
  std::vector<tls::LoadedCertificate> found;
  for (const std::string& path : paths) {
    auto objects = objects_of(path, passphrase);
    if (!has_certificate(objects)) give_up("{} holds no certificate; see what it is: transom cert show", path);
    for (pki::FoundObject& object : objects) {
      if (auto* one = std::get_if<tls::CertificateHandle>(&object)) found.push_back({std::move(*one), path});
    }
    if (found.size() > kMaxCertificates) give_up("there are more than {} certificates", kMaxCertificates);
  }
  return found;
}

}  // namespace transom::cli
