#include "cli/trust/system.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tls/pem_file.h"

namespace transom::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostOctets = 16 << 20;

// Arch has update-ca-certificates' namesake of Fedora as well, so its own directory decides. Debian comes last, since
// its directory is below /usr/local, where anybody may have made one. After a removal Debian's program keeps links to
// what is gone, unless it is told to make them all again.
constexpr SystemTrust kSystems[] = {
    {"Fedora", "/etc/pki/ca-trust/source/anchors", "", "/etc/pki/tls/certs/ca-bundle.crt", "update-ca-trust", "extract",
     "extract"},
    {"Arch", "/etc/ca-certificates/trust-source/anchors", "", "/etc/ssl/certs/ca-certificates.crt", "trust",
     "extract-compat", "extract-compat"},
    {"Debian", "/usr/local/share/ca-certificates", ".crt", "/etc/ssl/certs/ca-certificates.crt",
     "update-ca-certificates", nullptr, "--fresh"},
};

/// What cannot be read holds nothing.
std::vector<std::string> fingerprints_of(const std::string& file) {
  const auto content = tls::read_pem_file(file, "certificate", kMostOctets);
  return content ? fingerprints_in(*content) : std::vector<std::string>{};
}

}  // namespace

const SystemTrust* find_system_trust() {
  for (const SystemTrust& system : kSystems) {
    std::error_code ignored;
    if (fs::is_directory(system.directory, ignored) && !find_program(system.program).empty()) return &system;
  }
  return nullptr;
}

SystemStore::SystemStore(const SystemTrust& kind, std::string sudo_line)
    : kind_(kind), sudo_line_(std::move(sudo_line)) {}

std::string SystemStore::title() const { return fmt::format("system, {}", kind_.directory); }

bool SystemStore::trusts(const TrustCertificate& ca) const {
  const std::vector<std::string> all = fingerprints_of(kind_.bundle);
  return std::find(all.begin(), all.end(), ca.sha256) != all.end();
}

std::string SystemStore::obstacle() const {
  return geteuid() == 0 ? "" : fmt::format("only root may change it; run: {}", sudo_line_);
}

std::vector<std::string> SystemStore::files_of(const TrustCertificate& ca) const {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(kind_.directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!entry->is_regular_file(error)) continue;
    if (fingerprints_of(entry->path()) == std::vector<std::string>{ca.sha256}) files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

CommandLine SystemStore::update(const char* argument) const {
  CommandLine command{find_program(kind_.program)};
  if (argument != nullptr) command.emplace_back(argument);
  return command;
}

std::vector<TrustStep> SystemStore::steps_to_add(const TrustCertificate& ca) const {
  std::vector<TrustStep> steps;
  const std::vector<std::string> files = files_of(ca);
  if (std::none_of(files.begin(), files.end(), [&](const std::string& file) { return file.ends_with(kind_.ending); })) {
    const std::string file = fmt::format("{}/{}", kind_.directory, ca.file_name());
    steps.push_back({{"install", "-m", "0644", "/dev/stdin", file}, true});
  }
  steps.push_back({update(kind_.update)});
  return steps;
}

std::vector<TrustStep> SystemStore::steps_to_remove(const TrustCertificate& ca) const {
  const std::vector<std::string> files = files_of(ca);
  if (files.empty() && !trusts(ca)) return {};
  std::vector<TrustStep> steps;
  if (!files.empty()) steps.push_back({{"rm", "-f"}});
  for (const std::string& file : files) steps.back().command.push_back(file);
  steps.push_back({update(kind_.refresh)});
  return steps;
}

}  // namespace transom::cli
