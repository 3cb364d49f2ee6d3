#include "node/files/file_watch.h"

#include <sys/stat.h>

#include <cerrno>

namespace transom::node {
namespace {

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

FileStamp stamp_of(const std::string& file) {
  struct stat status {};
  FileStamp stamp;
  if (stat(file.c_str(), &status) != 0) {
    stamp.error = errno;
    return stamp;
  }
  stamp.device = status.st_dev;
  stamp.inode = status.st_ino;
  stamp.size = static_cast<std::uint64_t>(status.st_size);
  stamp.modified_ns = nanoseconds(status.st_mtim);
  stamp.status_changed_ns = nanoseconds(status.st_ctim);
  return stamp;
}

}  // namespace

std::vector<FileStamp> stamps_of(const std::vector<std::string>& files) {
  std::vector<FileStamp> stamps;
  stamps.reserve(files.size());
  for (const std::string& file : files) stamps.push_back(stamp_of(file));
  return stamps;
}

bool ChangeDetector::look(std::vector<FileStamp> found) {
  const bool settled = found == seen_;
  seen_ = std::move(found);
  if (!settled || seen_ == known_) return false;
  known_ = seen_;
  return true;
}

FileWatch::FileWatch(io::Loop& loop, std::vector<std::string> files, std::function<void()> changed,
                     std::uint64_t interval_ms)
    : loop_(loop),
      files_(std::make_shared<const std::vector<std::string>>(std::move(files))),
      detector_(stamps_of(*files_)),
      changed_(std::move(changed)),
      interval_ms_(interval_ms),
      timer_(
          loop.timers(), [](void* self) { static_cast<FileWatch*>(self)->look(); }, this) {
  if (!files_->empty()) timer_.start(interval_ms_);
}

void FileWatch::look() {
  auto found = std::make_shared<std::vector<FileStamp>>();
  loop_.offload([files = files_, found] { *found = stamps_of(*files); },
                [this, found, alive = std::weak_ptr<int>(alive_)] {
                  if (alive.expired()) return;
                  timer_.start(interval_ms_);
                  if (detector_.look(std::move(*found))) changed_();
                });
}

}  // namespace transom::node
