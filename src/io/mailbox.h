// What other threads want this core to do, in order per sender.
#pragma once
#include <mutex>
#include <utility>
#include <vector>

namespace transom::io {

/// Many writers, one reader. The reader takes everything at once, so a burst costs one lock.
template <typename T>
class Mailbox {
 public:
  void put(T item) {
    const std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
  }
  /// Replaces the content of `out` by all that has come; false when there was nothing.
  bool take(std::vector<T>& out) {
    out.clear();
    const std::lock_guard lock(mutex_);
    items_.swap(out);
    return !out.empty();
  }
  bool empty() const {
    const std::lock_guard lock(mutex_);
    return items_.empty();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<T> items_;
};

}  // namespace transom::io
