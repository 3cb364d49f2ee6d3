#include "node/files/durable_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "serve/unique_fd.h"

namespace transom::node {
namespace {

using serve::UniqueFd;

auto failed(const char* what, const std::string& path) {
  const int error = errno;
  return fail("cannot {} {}: {}", what, path, std::strerror(error));
}

std::string parent_of(const std::string& path) {
  std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

void remove_all(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);  // never follows a symbolic link
}

bool exists(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0;
}

/// Swaps where the file system can, else steps aside: a crash between the two renames leaves no `path`; see
/// recover_directory.
Status put_in_place(const std::string& fresh, const std::string& path) {
  if (rename(fresh.c_str(), path.c_str()) == 0) return {};
  if (renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) == 0) return {};
  const std::string old = path + ".old";
  remove_all(old);
  if (rename(path.c_str(), old.c_str()) != 0) return failed("rename", path);
  if (rename(fresh.c_str(), path.c_str()) != 0) return failed("rename", fresh);
  return {};
}

}  // namespace

Status sync_directory(const std::string& path) {
  const UniqueFd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0) return failed("open", path);
  if (fsync(directory.get()) != 0 && errno != EINVAL) return failed("write", path);
  return {};
}

Status write_new(const std::string& path, const std::string& content, mode_t mode, const Owner& owner) {
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) return failed("create", path);
  for (std::size_t done = 0; done < content.size();) {
    const ssize_t count = write(file.get(), content.data() + done, content.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("write", path);
    done += static_cast<std::size_t>(count);
  }
  // Not by the path: who owns the directory could have put another file there.
  if (owner && fchown(file.get(), owner->first, owner->second) != 0) return failed("give away", path);
  if (fchmod(file.get(), mode) != 0 || fsync(file.get()) != 0) return failed("write", path);
  return {};
}

Result<std::optional<std::string>> read_if_present(const std::string& path, std::size_t max_octets, FileKinds kinds) {
  auto content = read_file(path, max_octets, kinds);
  if (!content) {
    const FileFault& fault = content.error();
    if (fault.error == ENOENT || fault.error == ENOTDIR) return std::nullopt;
    return fail("cannot {} {}: {}", fault.verb, path, fault.reason);
  }
  if (content->size() > max_octets) {
    return fail("{} is larger than {} MiB and cannot be what it should be", path, max_octets >> 20);
  }
  return std::move(*content);
}

Status write_durably(const std::string& path, const std::string& content, mode_t mode) {
  const std::string fresh = path + ".new";
  unlink(fresh.c_str());
  Status status = write_new(fresh, content, mode);
  if (status && rename(fresh.c_str(), path.c_str()) != 0) status = failed("rename", fresh);
  if (!status) {
    unlink(fresh.c_str());
    return status;
  }
  return sync_directory(parent_of(path));
}

Status replace_directory(const std::string& path, const std::vector<NewFile>& files) {
  const std::string fresh = path + ".new";
  remove_all(fresh);
  if (mkdir(fresh.c_str(), 0700) != 0) return failed("create", fresh);
  for (const NewFile& file : files) {
    if (auto status = write_new(fresh + "/" + file.name, file.content, file.mode); !status) return status;
  }
  if (auto status = sync_directory(fresh); !status) return status;
  if (auto status = put_in_place(fresh, path); !status) return status;
  if (auto status = sync_directory(parent_of(path)); !status) return status;
  remove_all(fresh);  // holds the old files now
  remove_all(path + ".old");
  return {};
}

Status recover_directory(const std::string& path) {
  const std::string fresh = path + ".new", old = path + ".old";
  if (!exists(path)) {
    // The old one steps aside when the new one is whole. Without an old one the new one may be half written.
    if (!exists(old)) return {};
    const std::string& from = exists(fresh) ? fresh : old;
    if (rename(from.c_str(), path.c_str()) != 0) return failed("rename", from);
    if (auto status = sync_directory(parent_of(path)); !status) return status;
  }
  remove_all(fresh);
  remove_all(old);
  return {};
}

}  // namespace transom::node
