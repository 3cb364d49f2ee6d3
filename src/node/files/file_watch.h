// Notices that files have changed.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/loop.h"
#include "io/timer.h"

namespace transom::node {

/// What `stat` tells of a path, links followed: programs that renew certificates often only turn a link. The time of
/// the last status change is in it because a mended mode or owner can be what a key was waiting for.
struct FileStamp {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t modified_ns = 0, status_changed_ns = 0;
  int error = 0;  // 0: the file is there
  bool operator==(const FileStamp&) const = default;
};
std::vector<FileStamp> stamps_of(const std::vector<std::string>& files);

/// Tells a finished change from one that is being written: only what two looks in a row found alike counts.
class ChangeDetector {
 public:
  explicit ChangeDetector(std::vector<FileStamp> present) : known_(std::move(present)) {}
  /// True when this look found what the last one did, and that is not what was known before.
  bool look(std::vector<FileStamp> found);

 private:
  std::vector<FileStamp> known_, seen_;
};

/// Looks at some files every two seconds, off the loop, and calls `changed` on it. By asking and not by inotify: that
/// says nothing of network file systems, and of links only with a watch on every directory on the way. Takes note of
/// the files as they are when it is made. Lives on core 0's thread.
class FileWatch {
 public:
  static constexpr std::uint64_t kIntervalMs = 2'000;

  FileWatch(io::Loop& loop, std::vector<std::string> files, std::function<void()> changed,
            std::uint64_t interval_ms = kIntervalMs);

 private:
  void look();

  io::Loop& loop_;
  const std::shared_ptr<const std::vector<std::string>> files_;  // work off the loop may outlive this object
  ChangeDetector detector_;
  std::function<void()> changed_;
  const std::uint64_t interval_ms_;
  io::Timer timer_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace transom::node
