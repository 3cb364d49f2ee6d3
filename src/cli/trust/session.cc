#include "cli/trust/session.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "cli/cli_error.h"
#include "cli/places.h"
#include "cli/trust/browsers.h"
#include "cli/trust/nss.h"
#include "cli/trust/system.h"
#include "node/config/diagnostic.h"
#include "node/files/durable_file.h"
#include "node/local_node.h"

namespace transom::cli {
namespace {

constexpr int kUsageError = 2;
const std::vector<std::string> kKinds{"system", "chromium", "firefox"};

struct Wanted {
  bool system = false, chromium = false, firefox = false;
  bool named = false;  // by the user, one by one
};

void want(const std::string& kind, Wanted& wanted) {
  if (kind == "system") {
    wanted.system = true;
  } else if (kind == "chromium") {
    wanted.chromium = true;
  } else if (kind == "firefox") {
    wanted.firefox = true;
  } else {
    const std::string nearest = node::nearest_name(kind, kKinds);
    throw CliError(fmt::format("there is no store \"{}\"{}; take some of system,chromium,firefox", kind,
                               nearest.empty() ? "" : fmt::format(", did you mean \"{}\"?", nearest)),
                   kUsageError);
  }
}

Wanted parse_kinds(const std::string& list) {
  Wanted wanted;
  wanted.named = true;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    want(list.substr(begin, end - begin), wanted);
    begin = end + 1;
  }
  return wanted;
}

/// Under sudo the browsers would be root's, which nobody means.
Wanted wanted_stores(const StoreOptions& options, StoreSearch& search) {
  if (options.store) return parse_kinds(*options.store);
  if (geteuid() != 0 || std::getenv("SUDO_USER") == nullptr) return {true, true, true, false};
  search.remarks += "Under sudo this is about the system's store only; run it without sudo for your browsers.\n";
  return {true, false, false, false};
}

void report_absent(const char* title, const std::string& why, bool named, StoreSearch& search) {
  search.remarks += fmt::format("{}: {}\n", title, why);
  if (named) search.all_there = false;
}

void find_system(const std::string& sudo_line, bool named, StoreSearch& search) {
  if (const SystemTrust* system = find_system_trust()) {
    search.found.push_back(std::make_unique<SystemStore>(*system, sudo_line));
  } else {
    report_absent("system", "no store of a known kind (Debian's, Fedora's, Arch's)", named, search);
  }
}

/// Who has no Chromium may have it tomorrow: where nothing is in the way its store is made. To take something out, none
/// is.
void find_chromium(const UserPlaces& user, bool may_make, bool named, StoreSearch& search) {
  std::vector<std::string> stores = chromium_stores(user);
  if (stores.empty() && may_make && (named || has_certutil())) stores.push_back(default_chromium_store(user));
  for (std::string& store : stores) search.found.push_back(std::make_unique<NssStore>("Chromium", std::move(store)));
  if (stores.empty()) report_absent("Chromium", "no store here", named && may_make, search);
}

void find_firefox(const UserPlaces& user, bool needed, StoreSearch& search) {
  std::vector<std::string> profiles = firefox_profiles(user);
  for (std::string& profile : profiles)
    search.found.push_back(std::make_unique<NssStore>("Firefox", std::move(profile)));
  if (profiles.empty()) {
    report_absent("Firefox", "no profile here; it makes one when it is started for the first time", needed, search);
  }
}

/// Shows each command and, but for a dry run, runs it; stops at the first that fails.
bool run_all(const std::vector<TrustStep>& steps, const TrustCertificate& ca, bool dry_run) {
  for (const auto& [command, reads_certificate] : steps) {
    fmt::print("  {} {}{}\n", dry_run ? "would run:" : "running:", shown(command),
               reads_certificate ? " < " + shell_word(ca.file) : "");
    std::fflush(stdout);
    if (dry_run) continue;
    const ProgramResult result = run_program(command, reads_certificate ? ca.pem : "");
    if (result.code == 0) continue;
    const bool open_line = !result.output.empty() && result.output.back() != '\n';
    fmt::print("{}{}  this failed; nothing more was done here\n", result.output, open_line ? "\n" : "");
    return false;
  }
  return true;
}

/// Says why the store is left as it is, if it is.
bool is_left(const std::string& reason) {
  if (!reason.empty()) fmt::print("  left: {}\n", reason);
  return !reason.empty();
}

std::string ending(const TrustStore& store) { return store.afterwards().empty() ? "" : "; " + store.afterwards(); }

}  // namespace

void StoreOptions::declare(Arguments& arguments) {
  arguments.text("--ca", ca, "FILE", "The root certificate, PEM (default: the local CA of the default node)");
  arguments.text("--store", store, "LIST", "Some of system,chromium,firefox (default: all that are there)");
  arguments.flag("--dry-run", dry_run, "Only show what would be done");
  arguments.flag("--how", how, "Only show what to do for Windows, macOS, Java, Node.js, curl and Python");
}

TrustCertificate find_authority(const StoreOptions& options) {
  if (options.ca) return value_or_give_up(read_trust_certificate(*options.ca));
  const std::string root = node::LocalNodeFiles(local_node_directory()).root_cert;
  if (access(root.c_str(), F_OK) != 0) {
    give_up(
        "there is no local CA at {}; `transom start` makes one: run this in the directory of that node, or name "
        "another authority with --ca FILE",
        root);
  }
  return value_or_give_up(read_trust_certificate(root));
}

void print_authority(const TrustCertificate& ca) {
  if (!ca.file.empty()) fmt::print("Authority:   {}\nFile:        {}\n", ca.name, ca.file);
  fmt::print("SHA-256:     {}\n", ca.sha256);
  if (!ca.file.empty()) fmt::print("Vouches for: {}\n", ca.vouches_for);
}

StoreSearch find_stores(const StoreOptions& options, const TrustCertificate& ca, const std::string& command) {
  StoreSearch search;
  const Wanted wanted = wanted_stores(options, search);
  if (wanted.system) {
    const CommandLine which = ca.file.empty() ? CommandLine{"--fingerprint", ca.sha256} : CommandLine{"--ca", ca.file};
    find_system(shown({"sudo", program_path(), "ca", command, which[0], which[1], "--store", "system"}), wanted.named,
                search);
  }
  const bool may_make = command == "trust";
  if (wanted.chromium) find_chromium(user_places(), may_make, wanted.named, search);
  if (wanted.firefox) find_firefox(user_places(), wanted.named && may_make, search);
  return search;
}

bool add_to(const TrustStore& store, const TrustCertificate& ca, bool dry_run) {
  fmt::print("{}:\n", store.title());
  if (is_left(store.blindness(ca))) return false;
  if (store.trusts(ca)) {
    fmt::print("  trusts it already\n");
    return true;
  }
  if (is_left(store.obstacle()) || !run_all(store.steps_to_add(ca), ca, dry_run)) return false;
  if (dry_run) return true;
  const bool there = store.trusts(ca);
  fmt::print("  {}{}\n", there ? "trusts it now" : "does not trust it in spite of that", there ? ending(store) : "");
  return there;
}

bool remove_from(const TrustStore& store, const TrustCertificate& ca, bool dry_run) {
  fmt::print("{}:\n", store.title());
  if (is_left(store.blindness(ca))) return false;
  const std::vector<TrustStep> steps = store.steps_to_remove(ca);
  if (steps.empty() && !store.trusts(ca)) {
    fmt::print("  does not have it\n");
    return true;
  }
  if (is_left(store.obstacle()) || !run_all(steps, ca, dry_run)) return false;
  if (dry_run) return true;
  const bool gone = !store.trusts(ca);
  fmt::print("  {}{}\n", gone ? "does not trust it any more" : "still trusts it: it stands elsewhere, too; look there",
             gone ? ending(store) : "");
  return gone;
}

}  // namespace transom::cli
