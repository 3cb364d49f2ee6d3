#include "cli/trust_nss.h"

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

bool NssStore::is_same(const NssEntry& entry, const TrustCertificate& ca) const {
  if (entry.nickname.ends_with(ca.nickname_end())) return true;
  const ProgramResult listed = run_program(certutil({"-L", "-a", "-n", entry.nickname}));
  // It prints every certificate of that subject: two mean that this nickname is not known to stand for ours.
  const std::vector<std::string> found = fingerprints_in(listed.output);
  return found.size() == 1 && found[0] == ca.sha256;
}

std::vector<NssEntry> NssStore::entries_of(const TrustCertificate& ca) const {
  if (!exists()) return {};
  std::vector<NssEntry> entries = parse_nss_list(run_program(certutil({"-L"})).output);
  std::erase_if(entries, [&](const NssEntry& entry) { return !is_same(entry, ca); });
  return entries;
}

bool NssStore::trusts(const TrustCertificate& ca) const {
  const std::vector<NssEntry> entries = entries_of(ca);
  return std::any_of(entries.begin(), entries.end(), [](const NssEntry& entry) { return entry.for_servers; });
}

std::string NssStore::blindness() const {
  if (!has_certutil()) {
    return "there is no certutil on this machine; install it: sudo apt install libnss3-tools (Fedora: nss-tools, Arch: "
           "nss)";
  }
  if (!exists()) return "";
  const ProgramResult listed = run_program(certutil({"-L"}));
  return listed.code == 0 ? "" : "certutil cannot read it: " + trimmed(listed.output);
}

std::string NssStore::obstacle() const {
  const std::string place = existing_parent(directory_);
  struct stat facts {};
  if (stat(place.c_str(), &facts) == 0 && facts.st_uid != geteuid()) {
    return fmt::format("{} belongs to another user; run this as that user, without sudo", place);
  }
  return access(place.c_str(), W_OK) == 0 ? "" : fmt::format("{} cannot be written to", place);
}

std::vector<CommandLine> NssStore::commands_to_add(const TrustCertificate& ca) const {
  std::vector<CommandLine> commands;
  if (!exists()) {
    commands.push_back({"mkdir", "-p", "-m", "700", directory_});
    commands.push_back(certutil({"-N", "--empty-password"}));
  }
  commands.push_back(certutil({"-A", "-t", "C,,", "-n", ca.nickname(), "-i", ca.file}));
  return commands;
}

std::vector<CommandLine> NssStore::commands_to_remove(const TrustCertificate& ca) const {
  std::vector<CommandLine> commands;
  for (const NssEntry& entry : entries_of(ca)) commands.push_back(certutil({"-D", "-n", entry.nickname}));
  return commands;
}

std::string NssStore::afterwards() const { return fmt::format("restart {} to see it", program_); }

}  // namespace transom::cli
