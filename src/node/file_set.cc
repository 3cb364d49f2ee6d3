#include "node/file_set.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

namespace transom::node {
namespace {

namespace fs = std::filesystem;

std::string parent_of(const std::string& path) {
  std::string parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

/// A hidden name beside `path` that nobody can have taken.
std::string name_beside(const std::string& path) {
  unsigned char octets[6];
  RAND_bytes(octets, sizeof octets);
  std::string suffix;
  for (const unsigned char octet : octets) suffix += fmt::format("{:02x}", octet);
  return (fs::path(parent_of(path)) / fmt::format(".{}.{}", fs::path(path).filename().string(), suffix)).string();
}

int rename_with(unsigned int flags, const std::string& from, const std::string& to) {
  return renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags);
}

/// The way of one file into its place, and back.
class Placing {
 public:
  Placing(const NewFile& file, bool overwrite) : file_(file), beside_(name_beside(file.name)), overwrite_(overwrite) {}
  ~Placing() {
    if (placed_ && !kept_) undo();
    if (written_) unlink(beside_.c_str());  // the new file, or the old one after an exchange
  }
  Placing(const Placing&) = delete;
  Placing& operator=(const Placing&) = delete;

  Status write() {
    written_ = true;
    auto status = write_new(beside_, file_.content, file_.mode);
    if (status) return give_away();
    std::string message = status.error().message;
    if (const auto at = message.find(beside_); at != std::string::npos) message.replace(at, beside_.size(), file_.name);
    return fail("{}", message);
  }
  Status place() {
    placed_ = overwrite_ ? place_over() : place_new();
    if (placed_) return {};
    if (errno == EEXIST) return fail("{} came into being meanwhile and is not overwritten", file_.name);
    return fail("cannot write {}: {}", file_.name, std::strerror(errno));
  }
  void keep() { kept_ = true; }

 private:
  Status give_away() const {
    if (!file_.owner || lchown(beside_.c_str(), file_.owner->first, file_.owner->second) == 0) return {};
    return fail("cannot give {} to its owner: {}", file_.name, std::strerror(errno));
  }
  /// Some file systems know one way, some the other.
  bool place_new() {
    if (rename_with(RENAME_NOREPLACE, beside_, file_.name) == 0) return true;
    return errno != EEXIST && link(beside_.c_str(), file_.name.c_str()) == 0;
  }
  bool place_over() {
    if (rename_with(RENAME_EXCHANGE, beside_, file_.name) == 0) {
      undo_by_ = Undo::exchange;
      return true;
    }
    if (errno == ENOENT) return place_new();
    undo_by_ = Undo::nothing;  // this file system cannot exchange; the old one is gone for good
    return rename(beside_.c_str(), file_.name.c_str()) == 0;
  }
  void undo() {
    if (undo_by_ == Undo::exchange) rename_with(RENAME_EXCHANGE, beside_, file_.name);
    if (undo_by_ == Undo::unlink) unlink(file_.name.c_str());
  }

  const NewFile& file_;
  std::string beside_;
  bool overwrite_;
  bool written_ = false, placed_ = false, kept_ = false;
  enum class Undo { unlink, exchange, nothing } undo_by_ = Undo::unlink;
};

Status sync_parents(std::span<const NewFile> files) {
  std::set<std::string> parents;
  for (const NewFile& file : files) parents.insert(parent_of(file.name));
  for (const std::string& parent : parents) {
    if (auto status = sync_directory(parent); !status) return status;
  }
  return {};
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
  std::vector<std::unique_ptr<Placing>> placings;
  for (const NewFile& file : files) {
    placings.push_back(std::make_unique<Placing>(file, overwrite));
    if (auto status = placings.back()->write(); !status) {
      return fail("{}; nothing was written", status.error().message);
    }
  }
  for (const auto& placing : placings) {
    if (auto status = placing->place(); !status) return fail("{}; nothing was written", status.error().message);
  }
  if (auto status = sync_parents(files); !status) return fail("{}; nothing was written", status.error().message);
  for (const auto& placing : placings) placing->keep();
  return {};
}

}  // namespace transom::node
