#include "cli/trust/nss.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "cli/places.h"

namespace transom::cli {
namespace {

namespace fs = std::filesystem;

/// "C,," and the like: three groups of letters, for servers, mail and code.
bool is_trust_flags(const std::string& word) {
  return std::count(word.begin(), word.end(), ',') == 2 && std::all_of(word.begin(), word.end(), [](unsigned char c) {
           return c == ',' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
         });
}

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

/// The nearest directory above that is there.
std::string existing_parent(const std::string& directory) {
  std::error_code ignored;
  fs::path path(directory);
  while (!fs::exists(path, ignored) && path.has_relative_path()) path = path.parent_path();
  return path.string();
}

}  // namespace

std::vector<NssEntry> parse_nss_list(const std::string& output) {
  std::vector<NssEntry> entries;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    const std::string text = trimmed(line);
    const std::size_t gap = text.find_last_of(" \t");
    if (gap == std::string::npos || !is_trust_flags(text.substr(gap + 1))) continue;
    const std::string flags = text.substr(gap + 1);
    // The head of the table ends like an entry does: "SSL,S/MIME,JAR/XPI" has slashes, so it is none.
    entries.push_back({trimmed(text.substr(0, gap)), flags.substr(0, flags.find(',')).find('C') != std::string::npos});
  }
  return entries;
}

bool has_certutil() { return !find_program("certutil").empty(); }

NssStore::NssStore(std::string program, std::string directory)
    : program_(std::move(program)), directory_(std::move(directory)) {}

std::string NssStore::title() const { return program_ + ", " + directory_; }

bool NssStore::exists() const {
  std::error_code ignored;
  return fs::exists(directory_ + "/cert9.db", ignored);
}

CommandLine NssStore::certutil(const CommandLine& arguments) const {
  CommandLine command{"certutil", arguments[0], "-d", "sql:" + directory_};
  command.insert(command.end(), arguments.begin() + 1, arguments.end());
  return command;
}

/// For a nickname, certutil prints all certificates of that subject, whatever nicknames those have: of several it is
/// ours that has the nickname which is given here, and only if a single one has it.
NssStore::Standing NssStore::find(const TrustCertificate& ca) const {
  if (!exists()) return {};
  Standing standing;
  for (NssEntry& entry : parse_nss_list(run_program(certutil({"-L"})).output)) {
    const std::vector<std::string> found =
        fingerprints_in(run_program(certutil({"-L", "-a", "-n", entry.nickname})).output);
    if (std::find(found.begin(), found.end(), ca.sha256) == found.end()) continue;
    standing.unclear = standing.unclear || found.size() > 1;
    standing.entries.push_back(std::move(entry));
  }
  if (!standing.unclear) return standing;
  std::vector<NssEntry> named = standing.entries;
  std::erase_if(named, [&](const NssEntry& entry) { return !entry.nickname.ends_with(ca.nickname_end()); });
  return named.size() == 1 ? Standing{std::move(named), false} : standing;
}

bool NssStore::trusts(const TrustCertificate& ca) const {
  const std::vector<NssEntry> entries = find(ca).entries;
  return std::any_of(entries.begin(), entries.end(), [](const NssEntry& entry) { return entry.for_servers; });
}

std::string NssStore::blindness(const TrustCertificate& ca) const {
  if (!has_certutil()) {
    return "there is no certutil on this machine; install it: sudo apt install libnss3-tools (Fedora: nss-tools, Arch: "
           "nss)";
  }
  if (!exists()) return "";
  const ProgramResult listed = run_program(certutil({"-L"}));
  if (listed.code != 0) return "certutil cannot read it: " + trimmed(listed.output);
  const Standing standing = find(ca);
  if (!standing.unclear) return "";
  const std::string& nickname = standing.entries.front().nickname;
  return fmt::format(
      "it has this authority and another one of the same subject, which certutil cannot tell apart by their names; "
      "take "
      "out both ({}, once for each), then have those trusted again that you want",
      shown(certutil({"-D", "-n", nickname})));
}

std::string NssStore::obstacle() const {
  const std::string place = existing_parent(directory_);
  struct stat facts {};
  if (stat(place.c_str(), &facts) == 0 && facts.st_uid != geteuid()) {
    return fmt::format("{} belongs to another user; run this as that user, without sudo", place);
  }
  return access(place.c_str(), W_OK) == 0 ? "" : fmt::format("{} cannot be written to", place);
}

std::vector<TrustStep> NssStore::steps_to_add(const TrustCertificate& ca) const {
  std::vector<TrustStep> steps;
  if (!exists()) {
    steps.push_back({{"mkdir", "-p", "-m", "700", directory_}});
    steps.push_back({certutil({"-N", "--empty-password"})});
  }
  steps.push_back({certutil({"-A", "-t", "C,,", "-n", ca.nickname()}), true});
  return steps;
}

std::vector<TrustStep> NssStore::steps_to_remove(const TrustCertificate& ca) const {
  std::vector<TrustStep> steps;
  for (const NssEntry& entry : find(ca).entries) steps.push_back({certutil({"-D", "-n", entry.nickname})});
  return steps;
}

std::string NssStore::afterwards() const { return fmt::format("restart {} to see it", program_); }

}  // namespace transom::cli
