#include "node/privileges.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/log.h"
#include "node/control.h"
#include "node/ocsp/cache.h"
#include "serve/unique_fd.h"
#include "tls/pem_file.h"

namespace transom::node {
namespace {

namespace fs = std::filesystem;
using serve::UniqueFd;

constexpr std::size_t kEntrySize = 64 * 1024;      // of a line of the user database; large groups are long
constexpr std::size_t kLongestRecord = 64 * 1024;  // of what node.pid holds

std::optional<unsigned> number(const std::string& text) {
  unsigned value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<RunAs> find_user(const std::string& name) {
  passwd entry{}, *found = nullptr;
  std::vector<char> text(kEntrySize);
  getpwnam_r(name.c_str(), &entry, text.data(), text.size(), &found);
  const auto uid = number(name);
  if (found == nullptr && uid) getpwuid_r(*uid, &entry, text.data(), text.size(), &found);
  if (found == nullptr) return fail("there is no user \"{}\" on this machine; make it with `useradd --system`", name);
  return RunAs{found->pw_name, found->pw_uid, found->pw_gid};
}

Result<gid_t> find_group(const std::string& name) {
  group entry{}, *found = nullptr;
  std::vector<char> text(kEntrySize);
  getgrnam_r(name.c_str(), &entry, text.data(), text.size(), &found);
  const auto gid = number(name);
  if (found == nullptr && gid) getgrgid_r(*gid, &entry, text.data(), text.size(), &found);
  if (found == nullptr) return fail("there is no group \"{}\" on this machine", name);
  return found->gr_gid;
}

Error root_is_no_choice(const std::string& name) {
  return {fmt::format("user \"{}\" is root; name an ordinary user, or none", name)};
}

/// Judged and given away by descriptor: nobody can put another file in its place meanwhile. A second name would be a
/// way to get at somebody else's file.
void give(const RunAs& user, int file, const std::string& path) {
  struct stat status {};
  if (fstat(file, &status) != 0 || status.st_uid != geteuid()) return;
  const bool unique = S_ISDIR(status.st_mode) || (status.st_nlink == 1 && !S_ISLNK(status.st_mode));
  if (!unique || fchownat(file, "", user.uid, user.gid, AT_EMPTY_PATH) == 0) return;
  log_warn("cannot give {} to user {}: {}", path, user.name, std::strerror(errno));
}

/// `name` directly below `directory`, without following a link.
void give_below(const RunAs& user, int directory, const std::string& name) {
  const UniqueFd file(openat(directory, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (file) give(user, file.get(), name);
}

using Listing = std::unique_ptr<DIR, int (*)(DIR*)>;

Listing list(int directory) {
  return Listing(fdopendir(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)), closedir);
}

bool is_dots(const std::string& name) { return name == "." || name == ".."; }

bool is_empty(int directory) {
  const Listing listing = list(directory);
  while (const dirent* entry = listing ? readdir(listing.get()) : nullptr) {
    if (!is_dots(entry->d_name)) return false;
  }
  return listing != nullptr;
}

bool is_own(int file) {
  struct stat status {};
  return fstat(file, &status) == 0 && status.st_uid == geteuid();
}

/// Only the present user can put anything into it, or move it about there.
bool is_closed(int directory) {
  struct stat status {};
  return is_own(directory) && fstat(directory, &status) == 0 && (status.st_mode & 022) == 0;
}

/// A directory with all that is in it; given away last, when nothing is left to do in it.
void give_all(const RunAs& user, int directory, const std::string& path) {
  const Listing listing = list(directory);
  while (const dirent* entry = listing ? readdir(listing.get()) : nullptr) {
    const std::string name = entry->d_name;
    if (entry->d_type == DT_REG) give_below(user, directory, name);
    if (entry->d_type != DT_DIR || is_dots(name)) continue;
    const UniqueFd inner(openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (inner && is_own(inner.get())) give_all(user, inner.get(), path + "/" + name);
  }
  give(user, directory, path);
}

/// `node.lock` and `node.pid` hold the number of the process that wrote them, which no other file of root's does that
/// somebody may have moved there.
bool names_this_process(int file) {
  std::string text(kLongestRecord, '\0');
  const ssize_t count = pread(file, text.data(), text.size(), 0);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  const auto content = nlohmann::json::parse(text, nullptr, false);
  return (content.is_object() ? content.value("pid", nlohmann::json()) : content) == getpid();
}

void give_record(const RunAs& user, const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file && names_this_process(file.get())) give(user, file.get(), path);
}

void give_socket(const RunAs& user, const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (file && fstat(file.get(), &status) == 0 && S_ISSOCK(status.st_mode)) give(user, file.get(), path);
}

bool uses_tls(const NodeConfig& config) {
  return std::any_of(config.workers.begin(), config.workers.end(), [](const WorkerConfig& worker) {
    return std::any_of(worker.transports.begin(), worker.transports.end(),
                       [](const serve::TransportConfig& transport) { return transport.endpoint.tls.has_value(); });
  });
}

bool holds_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, sets) != 0) return true;
  for (const auto& set : sets) {
    if ((set.effective | set.permitted) != 0) return true;
  }
  return false;
}

bool is_wholly(const RunAs& user) {
  uid_t real = 0, effective = 0, saved = 0;
  gid_t real_group = 0, effective_group = 0, saved_group = 0;
  getresuid(&real, &effective, &saved);
  getresgid(&real_group, &effective_group, &saved_group);
  return real == user.uid && effective == user.uid && saved == user.uid && real_group == user.gid &&
         effective_group == user.gid && saved_group == user.gid;
}

}  // namespace

void forbid_new_privileges() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) log_warn("cannot set no_new_privs: {}", std::strerror(errno));
}

Status check_user_form(const std::string& text) {
  const auto colon = text.find(':');
  const bool group_wrong =
      colon != std::string::npos && (colon + 1 == text.size() || text.find(':', colon + 1) != text.npos);
  if (text.empty()) return fail("the name of the user is empty: leave it out or name a user");
  if (colon == 0 || group_wrong) return fail("\"{}\" names no user: write NAME or NAME:GROUP", text);
  const std::string name = text.substr(0, colon);
  if (name == "root" || number(name) == 0U) return tl::make_unexpected(root_is_no_choice(name));
  return {};
}

Result<RunAs> find_run_as(const std::string& text) {
  if (auto form = check_user_form(text); !form) return tl::make_unexpected(form.error());
  const auto colon = text.find(':');
  auto user = find_user(text.substr(0, colon));
  if (!user) return user;
  if (colon != std::string::npos) {
    const auto gid = find_group(text.substr(colon + 1));
    if (!gid) return tl::make_unexpected(gid.error());
    user->gid = *gid;
  }
  if (user->uid == 0) return tl::make_unexpected(root_is_no_choice(user->name));
  return user;
}

Status check_may_become(const RunAs& user) {
  if (geteuid() == 0 || geteuid() == user.uid) return {};
  return fail("only root can change to user \"{}\": start as root, or as that user without naming it", user.name);
}

Status provide_directory(const RunAs& user, const std::string& path) {
  const fs::path whole = path;
  const UniqueFd parent(open(whole.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::string name = whole.filename();
  if (!parent || (mkdirat(parent.get(), name.c_str(), 0700) != 0 && errno != EEXIST)) {
    return fail("{}", std::strerror(errno));
  }
  const UniqueFd directory(openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) return fail("{}", std::strerror(errno));
  if (!is_own(directory.get())) return {};
  // An empty one is a loss to nobody, whoever put it there.
  if (!is_closed(parent.get()) && !is_empty(directory.get())) {
    return fail(
        "it is root's, and others than root may have moved it there; look at it and, if it is the node's, give it to "
        "the one whom the node runs as, by `chown -R {} {}`",
        user.name, tls::shell_word(path));
  }
  give_all(user, directory.get(), path);
  return {};
}

void hand_over(const RunAs& user, const NodeConfig& config, const std::vector<std::string>& made_paths) {
  const std::string directory = config.node_directory + "/";
  for (const char* name : {"node.lock", "node.pid"}) give_record(user, directory + name);
  give_socket(user, directory + kControlSocketName);
  for (const std::string& path : made_paths) give_socket(user, path);
  if (!uses_tls(config)) return;
  // The user could not make it in a directory of root's.
  const std::string cache = directory + kOcspCacheName;
  if (const auto status = provide_directory(user, cache); !status) {
    log_warn("no OCSP responses are kept in {}: {}", cache, status.error().message);
  }
}

Status become(const RunAs& user) {
  // glibc makes each of these calls in every thread.
  if (initgroups(user.name.c_str(), user.gid) != 0 || setresgid(user.gid, user.gid, user.gid) != 0 ||
      setresuid(user.uid, user.uid, user.uid) != 0) {
    return fail("cannot become user {}: {}; this needs CAP_SETUID and CAP_SETGID", user.name, std::strerror(errno));
  }
  if (!is_wholly(user) || setuid(0) == 0 || seteuid(0) == 0 || holds_capabilities()) {
    return fail("became user {} but could be root again: not served", user.name);
  }
  forbid_new_privileges();
  return {};
}

std::string unreadable_files_warning(const RunAs& user, const NodeConfig& config) {
  std::vector<std::string> files;
  const auto look = [&files](const std::string& file) {
    if (!file.empty() && access(file.c_str(), R_OK) != 0) files.push_back(file);
  };
  for (const WorkerConfig& worker : config.workers) {
    for (const serve::TransportConfig& transport : worker.transports) {
      if (!transport.endpoint.tls) continue;
      for (const std::string& file : tls::files_of(*transport.endpoint.tls)) look(file);
    }
  }
  if (files.empty()) return "";
  const std::string word = tls::shell_word(files.front());
  return fmt::format(
      "user {} cannot read {}{}: it is served, but a reload will fail. Let the user read it, for instance by `setfacl "
      "-m "
      "u:{}:r {}` (and u:{}:x for its directories), or by a group: `chgrp ssl-cert {}; chmod 640 {}`",
      user.name, files.front(), files.size() > 1 ? fmt::format(" and {} more", files.size() - 1) : "", user.name, word,
      user.name, word, word);
}

}  // namespace transom::node
