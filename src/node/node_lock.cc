#include "node/node_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <nlohmann/json.hpp>

#include "node/files/durable_file.h"

namespace transom::node {
namespace {

std::string lock_path(const std::string& directory) { return directory + "/node.lock"; }
std::string pid_path(const std::string& directory) { return directory + "/node.pid"; }

struct flock whole_file(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

/// The number in the lock file. Whoever holds the lock wrote it, so it is no stale one as long as the lock is held.
pid_t written_pid(int fd) {
  char text[24];
  const ssize_t count = pread(fd, text, sizeof text, 0);
  pid_t pid = 0;
  if (count > 0) std::from_chars(text, text + count, pid);
  return pid;
}

}  // namespace

Result<NodeLock> NodeLock::acquire(const std::string& directory) {
  const std::string path = lock_path(directory);
  serve::UniqueFd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) {
    return fail("cannot open {}: {}; the node must be able to write into its node directory", path,
                std::strerror(errno));
  }
  struct flock lock = whole_file(F_WRLCK);
  if (fcntl(file.get(), F_OFD_SETLK, &lock) != 0) {
    if (errno == EAGAIN || errno == EACCES) return fail("another node serves from {}", directory);
    return fail("cannot lock {}: {}", path, std::strerror(errno));
  }
  const std::string pid = fmt::format("{}\n", getpid());
  if (ftruncate(file.get(), 0) != 0 || pwrite(file.get(), pid.data(), pid.size(), 0) < 0) {
    return fail("cannot write {}: {}", path, std::strerror(errno));
  }
  return NodeLock(directory, std::move(file));
}

NodeLock::~NodeLock() {
  if (file_.get() < 0) return;
  const std::string path = pid_path(directory_);
  // After a change from root the directory may be closed to this user; then at least no stale number stays.
  if (unlink(path.c_str()) != 0 && errno == EACCES && truncate(path.c_str(), 0) != 0) errno = 0;
}

Status NodeLock::write_pid_file(const nlohmann::json& argv, const nlohmann::json& options) {
  const nlohmann::json content = {{"pid", getpid()}, {"argv", argv}, {"options", options}};
  const auto replace = nlohmann::json::error_handler_t::replace;
  return write_durably(pid_path(directory_), content.dump(-1, ' ', false, replace) + "\n", 0644);
}

Result<LockHolder> holder_of(const std::string& directory) {
  const std::string path = lock_path(directory);
  const serve::UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return LockHolder{};
    return fail("cannot open {}: {}", path, std::strerror(errno));
  }
  struct flock lock = whole_file(F_RDLCK);
  if (fcntl(file.get(), F_OFD_GETLK, &lock) != 0)
    return fail("cannot ask who locks {}: {}", path, std::strerror(errno));
  if (lock.l_type == F_UNLCK) return LockHolder{};
  return LockHolder{true, written_pid(file.get())};
}

}  // namespace transom::node
