// One shared value that is replaced as a whole, now and then, while any thread takes it.
#pragma once
#include <memory>
#include <mutex>

namespace transom {

/// Holds a `std::shared_ptr<const T>`, null at first. Any thread. For what is read on every message there is Published.
template <typename T>
class SharedSlot {
 public:
  void set(std::shared_ptr<const T> value) {
    const std::lock_guard lock(mutex_);
    value_.swap(value);  // the old one is freed outside of the lock
  }
  std::shared_ptr<const T> get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

}  // namespace transom
