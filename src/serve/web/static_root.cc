#include "serve/web/static_root.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>

#include "base/log.h"
#include "wire/utf8.h"

namespace transom::serve {
namespace {

/// A FIFO must not block the open, a terminal not become ours.
constexpr int kOpenFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
/// More entries of a node directory than this are not searched for the target of a hard link.
constexpr int kMaxNodeEntries = 20'000;
constexpr int kMaxAttempts = 3;  // to open a file that is being replaced

bool is_below(std::string_view path, std::string_view directory) {
  if (directory.empty()) return false;
  if (directory == "/") return true;
  if (!path.starts_with(directory)) return false;
  return path.size() == directory.size() || path[directory.size()] == '/';
}

bool has_hidden_component(std::string_view path, bool well_known) {
  for (bool first = true; !path.empty(); first = false) {
    const auto slash = path.find('/');
    const std::string_view component = path.substr(0, slash);
    const bool allowed = first && well_known && component == ".well-known";
    if (component.starts_with('.') && !allowed) return true;
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
  }
  return false;
}

/// The path that the kernel knows an open file by; empty when it cannot say (then nothing is served).
/// `descriptors`: the open /proc/self/fd.
std::string real_path_of(int descriptors, int fd) {
  char path[PATH_MAX];
  const ssize_t size = ::readlinkat(descriptors, std::to_string(fd).c_str(), path, sizeof path);
  if (size <= 0 || size >= static_cast<ssize_t>(sizeof path) || path[0] != '/') return {};
  return {path, static_cast<std::size_t>(size)};
}

UniqueFd open_descriptors() { return UniqueFd(::open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC)); }

std::string real_path_of(int fd) { return real_path_of(open_descriptors().get(), fd); }

std::string canonical(const std::string& path) {
  if (path.empty()) return {};
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
  return real ? std::string(real.get()) : path;
}

int open_once(int root, const char* path, int flags, std::uint64_t resolve) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = resolve;
  return static_cast<int>(::syscall(SYS_openat2, root, path, &how, sizeof how));
}

int open_retrying(int root, const char* path, std::uint64_t resolve) {
  for (int attempt = 0; attempt < 8; ++attempt) {
    const int fd = open_once(root, path, kOpenFlags, resolve);
    // EAGAIN: something was renamed on the way, so that the kernel could not vouch for the result.
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) return fd;
  }
  return -1;
}

/// An absolute link may lead back into the root, which the kernel does not look at: asks where it leads without opening
/// what is there, and opens that by its way below the root.
int open_through_absolute_link(int root, const char* path) {
  const UniqueFd target(::openat(root, path, O_PATH | O_CLOEXEC));
  if (!target) return -1;
  const std::string root_path = real_path_of(root), real_path = real_path_of(target.get());
  if (root_path.empty() || !is_below(real_path, root_path) || real_path.size() <= root_path.size() + 1) {
    errno = ENOENT;
    return -1;
  }
  const std::string rest = real_path.substr(root_path == "/" ? 1 : root_path.size() + 1);
  return open_retrying(root, rest.c_str(), RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH);
}

/// Without help of the kernel: component by component, no symlink at all.
UniqueFd open_walking(int root, const std::string& rest) {
  UniqueFd at(::openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  std::string_view left = rest;
  while (at) {
    const auto slash = left.find('/');
    const std::string component(left.substr(0, slash));
    left = slash == std::string_view::npos ? std::string_view{} : left.substr(slash + 1);
    if (component == "..") return {};
    const bool last = slash == std::string_view::npos;
    const int flags = last ? kOpenFlags | O_NOFOLLOW : O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    at = UniqueFd(::openat(at.get(), component.empty() ? "." : component.c_str(), flags));
    if (last) break;
  }
  return at;
}

tl::unexpected<int> status_of(int error) {
  const bool exhausted = error == EMFILE || error == ENFILE || error == ENOMEM;
  return tl::make_unexpected(exhausted ? 503 : 404);
}

/// File systems whose `open` asks nobody else: not the network, not another process.
bool is_local(int fd) {
  constexpr std::uint64_t kXfs = 0x58465342, kZfs = 0x2fc12fc1;
  struct statfs facts {};
  if (::fstatfs(fd, &facts) != 0) return false;
  for (const std::uint64_t local :
       {std::uint64_t{EXT4_SUPER_MAGIC}, kXfs, std::uint64_t{BTRFS_SUPER_MAGIC}, kZfs, std::uint64_t{F2FS_SUPER_MAGIC},
        std::uint64_t{OVERLAYFS_SUPER_MAGIC}, std::uint64_t{SQUASHFS_MAGIC}, std::uint64_t{TMPFS_MAGIC}})
    if (static_cast<std::uint64_t>(facts.f_type) == local) return true;
  return false;
}

/// No component that is empty or that stands for another: the path below the root is then as it is written.
bool is_plain_path(std::string_view path) {
  for (;;) {
    const auto slash = path.find('/');
    const std::string_view component = path.substr(0, slash);
    if (component.empty() || component == "." || component == "..") return false;
    if (slash == std::string_view::npos) return true;
    path = path.substr(slash + 1);
  }
}

timespec now_by(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return now;
}

/// A file system that stamps whole seconds cannot tell two of the same second apart.
bool is_before(const timespec& a, const timespec& b) {
  if (a.tv_nsec == 0) return a.tv_sec < b.tv_sec;
  return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

/// Whether the path under which the kernel knows the file still leads to it. A file that is being replaced or removed
/// has no path to be judged by.
bool stands_at_its_path(const OpenedFile& file) {
  struct stat there {};
  return ::stat(real_path_of(file.fd.get()).c_str(), &there) == 0 && there.st_dev == file.facts.st_dev &&
         there.st_ino == file.facts.st_ino;
}

}  // namespace

std::int64_t monotonic_ms() {
  const timespec now = now_by(CLOCK_MONOTONIC_COARSE);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

/// Where the directory lies and what around it is closed, as it was a moment ago.
struct StaticRoot::Surroundings {
  static constexpr std::int64_t kFreshMs = 1'000;

  std::int64_t learned_ms = monotonic_ms();
  timespec learned = now_by(CLOCK_REALTIME_COARSE);  // by the clock that stamps files, taken before all else
  std::string root;                                  // real path; empty: `try_open` is not for this directory
  UniqueFd descriptors = open_descriptors();
  dev_t device = 0;
  std::vector<std::string> closed_paths;
  std::vector<std::pair<dev_t, ino_t>> closed_inodes;

  bool is_fresh() const { return monotonic_ms() - learned_ms < kFreshMs; }

  /// `path` is the file's real path.
  bool allow(const struct stat& facts, const std::string& path) const {
    if (!S_ISREG(facts.st_mode) || facts.st_nlink != 1 || facts.st_dev != device) return false;
    if (!is_before(facts.st_ctim, learned)) return false;
    for (const auto& closed : closed_paths)
      if (is_below(path, closed)) return false;
    return std::find(closed_inodes.begin(), closed_inodes.end(), std::pair(facts.st_dev, facts.st_ino)) ==
           closed_inodes.end();
  }
};

StaticRoot::StaticRoot(const StaticConfig& config, const SiteContext& context, Method method)
    : directory_(config.directory),
      follow_symlinks_(config.follow_symlinks),
      serve_dotfiles_(config.serve_dotfiles),
      node_directory_(context.node_directory),
      protected_files_(context.protected_files),
      method_(method) {}

UniqueFd StaticRoot::open_below(int root, const std::string& rest) const {
  const char* path = rest.empty() ? "." : rest.c_str();
  if (method_ == Method::openat2) {
    int fd = open_retrying(root, path, RESOLVE_NO_MAGICLINKS | (follow_symlinks_ ? 0 : RESOLVE_BENEATH));
    if (fd < 0 && errno == EXDEV) fd = open_through_absolute_link(root, path);
    // ENOSYS: an old kernel; EPERM: an old container filter that does not know the call.
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return UniqueFd(fd);
  }
  if (follow_symlinks_) return UniqueFd(::openat(root, path, kOpenFlags));
  return open_walking(root, rest);
}

tl::expected<OpenedFile, int> StaticRoot::open(std::string_view rest, bool well_known) const {
  if (rest.find('\0') != std::string_view::npos) return tl::make_unexpected(404);
  if (!serve_dotfiles_ && has_hidden_component(rest, well_known)) return tl::make_unexpected(404);
  const UniqueFd root(::open(directory_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return status_of(errno);
  if (!fresh_surroundings()) learn_surroundings(root.get());
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    OpenedFile file;
    file.fd = open_below(root.get(), std::string(rest));
    if (!file.fd) return status_of(errno);
    if (::fstat(file.fd.get(), &file.facts) != 0) break;
    if (!S_ISREG(file.facts.st_mode) && !S_ISDIR(file.facts.st_mode)) break;
    const bool served = may_serve(root.get(), file, well_known);
    if (!stands_at_its_path(file))
      continue;  // replaced meanwhile: it was judged by a name that is not its own any more
    if (!served) break;
    return file;
  }
  return tl::make_unexpected(404);
}

std::shared_ptr<const StaticRoot::Surroundings> StaticRoot::fresh_surroundings() const {
  const std::lock_guard lock(mutex_);
  return surroundings_ && surroundings_->is_fresh() ? surroundings_ : nullptr;
}

void StaticRoot::learn_surroundings(int root) const {
  auto learned = std::make_shared<Surroundings>();
  struct stat facts {};
  if (method_ == Method::openat2 && is_local(root) && ::fstat(root, &facts) == 0) learned->root = real_path_of(root);
  learned->device = facts.st_dev;
  const std::string node = canonical(node_directory_);
  if (!is_below(learned->root, node)) learned->closed_paths.push_back(node);
  for (const auto& path : protected_files_) {
    learned->closed_paths.push_back(path);
    learned->closed_paths.push_back(canonical(path));
    if (::stat(path.c_str(), &facts) == 0) learned->closed_inodes.emplace_back(facts.st_dev, facts.st_ino);
  }
  const std::lock_guard lock(mutex_);
  surroundings_ = std::move(learned);
}

std::optional<OpenedFile> StaticRoot::try_open(std::string_view rest, bool well_known) const {
  if (rest.find('\0') != std::string_view::npos || !is_plain_path(rest)) return std::nullopt;
  if (!serve_dotfiles_ && has_hidden_component(rest, well_known)) return std::nullopt;
  const auto around = fresh_surroundings();
  if (!around || around->root.empty()) return std::nullopt;
  constexpr std::uint64_t kResolve = RESOLVE_CACHED | RESOLVE_NO_MAGICLINKS;
  const UniqueFd root(open_once(AT_FDCWD, directory_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC, kResolve));
  if (!root) return std::nullopt;
  OpenedFile file;
  file.fd = UniqueFd(open_once(root.get(), std::string(rest).c_str(), kOpenFlags,
                               kResolve | RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV));
  if (!file.fd || ::fstat(file.fd.get(), &file.facts) != 0) return std::nullopt;
  // The kernel has the last word on where it lies: the root may have moved, a name may be found by a spelling of its
  // own.
  const std::string path = real_path_of(around->descriptors.get(), file.fd.get());
  const std::string expected = around->root + (around->root == "/" ? "" : "/") + std::string(rest);
  if (path != expected || !around->allow(file.facts, path)) return std::nullopt;
  file.allowed_until_ms = around->learned_ms + Surroundings::kFreshMs;
  return file;
}

bool StaticRoot::may_serve(int root, const OpenedFile& file, bool well_known) const {
  const std::string path = real_path_of(file.fd.get()), root_path = real_path_of(root);
  if (path.empty() || root_path.empty()) {
    log_warn("static files need /proc to tell where a file lies: mount it");
    return false;
  }
  const bool inside = is_below(path, root_path);
  if (!inside && !follow_symlinks_) return false;
  if (!serve_dotfiles_) {
    std::string_view shown = path;
    shown.remove_prefix(inside && root_path != "/" ? std::min(root_path.size() + 1, path.size()) : 1);
    if (has_hidden_component(shown, inside && well_known)) return false;
  }
  if (is_protected(path, file.facts)) return false;
  const std::string node = canonical(node_directory_);
  if (is_below(root_path, node)) return inside || !is_below(path, node);
  return !is_below(path, node) && !is_link_into_node(file.facts, node);
}

bool StaticRoot::is_protected(const std::string& real_path, const struct stat& facts) const {
  return std::any_of(protected_files_.begin(), protected_files_.end(), [&](const std::string& path) {
    struct stat other {};
    const bool exists = ::stat(path.c_str(), &other) == 0;
    if (exists && other.st_dev == facts.st_dev && other.st_ino == facts.st_ino) return true;
    return is_below(real_path, path) || is_below(real_path, canonical(path));
  });
}

/// A hard link has no way back to its other names: looks for the inode among the files of the node directory.
bool StaticRoot::is_link_into_node(const struct stat& facts, const std::string& real_node) const {
  if (!S_ISREG(facts.st_mode) || facts.st_nlink < 2 || real_node.empty()) return false;
  std::error_code error;
  int seen = 0;
  for (std::filesystem::recursive_directory_iterator at(real_node, error), end; !error && at != end;
       at.increment(error)) {
    struct stat entry {};
    if (++seen > kMaxNodeEntries) return true;
    if (::lstat(at->path().c_str(), &entry) != 0) continue;
    if (entry.st_dev == facts.st_dev && entry.st_ino == facts.st_ino) return true;
  }
  // A directory that cannot be searched to its end might hold it; one that does not exist holds nothing.
  return error && error != std::errc::no_such_file_or_directory;
}

std::vector<std::string> StaticRoot::list(const OpenedFile& directory, std::string_view rest, bool well_known) const {
  std::vector<std::string> names;
  const int copy = ::openat(directory.fd.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return names;
  DIR* stream = ::fdopendir(copy);
  if (stream == nullptr) {
    ::close(copy);
    return names;
  }
  while (const dirent* entry = names.size() < kMaxListed ? ::readdir(stream) : nullptr) {
    const std::string name = entry->d_name;
    if (name == "." || name == ".." || !wire::is_utf8(as_bytes(name))) continue;
    const auto opened = open(std::string(rest) + name, well_known);
    if (opened) names.push_back(opened->is_directory() ? name + "/" : name);
  }
  ::closedir(stream);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace transom::serve
