#include "node/files/file_set.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string_view>

#include "serve/unique_fd.h"

namespace transom::node {
namespace {

namespace fs = std::filesystem;

std::string parent_of(const std::string& path) {
  std::string parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

constexpr std::string_view kMark = ".transom-";
constexpr std::size_t kMarkDigits = 12;

std::string hidden_prefix(const std::string& path) {
  return "." + fs::path(path).filename().string() + std::string(kMark);
}

/// A hidden name beside `path` that nobody can have taken.
std::string name_beside(const std::string& path) {
  unsigned char octets[kMarkDigits / 2];
  RAND_bytes(octets, sizeof octets);
  std::string suffix;
  for (const unsigned char octet : octets) suffix += fmt::format("{:02x}", octet);
  return (fs::path(parent_of(path)) / (hidden_prefix(path) + suffix)).string();
}

bool is_beside(const std::string& name, const std::string& path) {
  const std::string prefix = hidden_prefix(path);
  return name.size() == prefix.size() + kMarkDigits && name.starts_with(prefix) &&
         name.find_first_not_of("0123456789abcdef", prefix.size()) == std::string::npos;
}

bool rename_quietly(const std::string& from, const std::string& to) { return rename(from.c_str(), to.c_str()) == 0; }

/// The way of one file into its place, and back.
class Placing {
 public:
  Placing(const NewFile& file, bool overwrite)
      : file_(file), fresh_(name_beside(file.name)), old_(name_beside(file.name)), overwrite_(overwrite) {}
  ~Placing() {
    unlink(fresh_.c_str());
    if (kept_old_) unlink(old_.c_str());
  }
  Placing(const Placing&) = delete;
  Placing& operator=(const Placing&) = delete;

  Status write() {
    auto status = write_new(fresh_, file_.content, file_.mode, file_.owner);
    if (status) return status;
    std::string message = status.error().message;
    if (const auto at = message.find(fresh_); at != std::string::npos) message.replace(at, fresh_.size(), file_.name);
    return fail("{}", message);
  }
  Status place() {
    placed_ = overwrite_ ? place_over() : place_new();
    if (placed_) return {};
    if (errno == EEXIST) return fail("{} came into being meanwhile and is not overwritten", file_.name);
    return fail("cannot write {}: {}", file_.name, std::strerror(errno));
  }
  /// Empty, or what has to be done by hand.
  std::string take_back() {
    if (!placed_) return "";
    placed_ = false;
    if (!kept_old_) {
      if (unlink(file_.name.c_str()) == 0 || errno == ENOENT) return "";
      return fmt::format("{} is new and could not be removed: {}", file_.name, std::strerror(errno));
    }
    kept_old_ = false;  // it goes back, or it is not to be lost
    if (rename_quietly(old_, file_.name)) return "";
    return fmt::format("{} is new, the old one is {}: {}", file_.name, old_, std::strerror(errno));
  }

 private:
  /// Some file systems know one way, some the other.
  bool place_new() {
    if (renameat2(AT_FDCWD, fresh_.c_str(), AT_FDCWD, file_.name.c_str(), RENAME_NOREPLACE) == 0) return true;
    return errno != EEXIST && link(fresh_.c_str(), file_.name.c_str()) == 0;
  }
  /// The old file gets a second name, so that it is always there; where a file system has no such names it steps aside.
  bool place_over() {
    if (link(file_.name.c_str(), old_.c_str()) == 0) {
      kept_old_ = true;
      return rename_quietly(fresh_, file_.name);
    }
    if (errno == ENOENT) return place_new();
    if (!rename_quietly(file_.name, old_)) return false;
    kept_old_ = rename_quietly(fresh_, file_.name);
    const int error = errno;
    if (!kept_old_) rename_quietly(old_, file_.name);
    errno = error;
    return kept_old_;
  }

  const NewFile& file_;
  std::string fresh_, old_;
  bool overwrite_;
  bool placed_ = false, kept_old_ = false;
};

using Placings = std::vector<std::unique_ptr<Placing>>;

/// What went wrong, with what became of the files.
Status undone(const Placings& placings, const Status& wrong) {
  std::string left;
  for (const auto& placing : placings) {
    if (const std::string trouble = placing->take_back(); !trouble.empty()) left += "; " + trouble;
  }
  return fail("{}{}", wrong.error().message, left.empty() ? "; nothing was written" : left);
}

/// Held by who writes into a directory, so that nobody takes the files of another's work for leftovers. Where it cannot
/// be had, nothing is cleared away.
class DirectoryLock {
 public:
  explicit DirectoryLock(const std::string& path) : file_(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    held_ = file_.get() >= 0 && flock(file_.get(), LOCK_EX | LOCK_NB) == 0;
  }
  bool held() const { return held_; }

 private:
  serve::UniqueFd file_;
  bool held_ = false;
};

/// Files that a crash has left beside `path`, private keys among them.
void clear_leftovers(const std::string& path) {
  std::error_code stop;
  for (fs::directory_iterator at(parent_of(path), stop), end; !stop && at != end; at.increment(stop)) {
    const std::string name = at->path().filename().string();
    if (is_beside(name, path)) unlink(at->path().c_str());
  }
}

Status sync_parents(std::span<const NewFile> files) {
  std::set<std::string> parents;
  for (const NewFile& file : files) parents.insert(parent_of(file.name));
  for (const std::string& parent : parents) {
    if (auto status = sync_directory(parent); !status) return status;
  }
  return {};
}

Status put_all(const Placings& placings, std::span<const NewFile> files) {
  for (const auto& placing : placings) {
    if (auto status = placing->write(); !status) return status;
  }
  for (const auto& placing : placings) {
    if (auto status = placing->place(); !status) return status;
  }
  return sync_parents(files);
}

Status check_directory(const std::string& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    return fail("there is no directory {0}, or it is closed to you; make it with: mkdir -p {0}", path);
  }
  if (!fs::is_directory(path, ignored)) return fail("{} is no directory", path);
  if (access(path.c_str(), W_OK | X_OK) == 0) return {};
  return fail("cannot write into the directory {}: {}; choose another place, or have it opened to you", path,
              std::strerror(errno));
}

}  // namespace

Status check_places(std::span<const std::string> paths, bool overwrite) {
  std::set<std::string> seen;
  for (const std::string& path : paths) {
    if (!seen.insert(fs::path(path).lexically_normal().string()).second) return fail("{} would be written twice", path);
    if (auto status = check_directory(parent_of(path)); !status) return status;
    std::error_code ignored;
    const fs::file_status there = fs::symlink_status(path, ignored);
    if (fs::is_directory(there)) return fail("{} is a directory; name a file", path);
    if (fs::exists(there) && !overwrite) {
      return fail("{} is there already; move it away, choose another name, or overwrite it by --force", path);
    }
  }
  return {};
}

Status write_together(std::span<const NewFile> files, bool overwrite) {
  std::vector<std::string> paths;
  for (const NewFile& file : files) paths.push_back(file.name);
  if (auto status = check_places(paths, overwrite); !status) return status;
  std::map<std::string, DirectoryLock> locks;
  for (const NewFile& file : files) locks.try_emplace(parent_of(file.name), parent_of(file.name));
  Placings placings;
  for (const NewFile& file : files) placings.push_back(std::make_unique<Placing>(file, overwrite));
  if (auto status = put_all(placings, files); !status) return undone(placings, status);
  placings.clear();  // removes the old files
  for (const NewFile& file : files) {
    if (locks.at(parent_of(file.name)).held()) clear_leftovers(file.name);
  }
  return {};
}

}  // namespace transom::node
