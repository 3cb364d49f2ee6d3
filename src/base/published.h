// One writer publishes immutable values, many threads read the newest.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace transom {

/// Holds the newest value. `publish` is for one thread at a time; readers go through a Reader of their own.
template <typename T>
class Published {
 public:
  explicit Published(std::shared_ptr<const T> first) : current_(std::move(first)) {}

  void publish(std::shared_ptr<const T> next) {
    {
      const std::lock_guard lock(mutex_);
      current_.swap(next);
      version_.fetch_add(1, std::memory_order_release);
    }
    // `next` is the old value now; if this was its last reference it is freed here, outside the lock.
  }

  /// One thread's view: as long as nothing was published, reading costs one atomic load. It keeps the value it saw last
  /// alive, so a sleeping thread holds back at most one old version.
  class Reader {
   public:
    explicit Reader(const Published& source) : source_(&source) {}
    const T& get() {
      if (source_->version_.load(std::memory_order_acquire) != seen_ || !value_) refresh();
      return *value_;
    }

   private:
    void refresh() {
      std::shared_ptr<const T> old;
      const std::lock_guard lock(source_->mutex_);
      old.swap(value_);
      value_ = source_->current_;
      seen_ = source_->version_.load(std::memory_order_relaxed);
    }
    const Published* source_;
    std::shared_ptr<const T> value_;
    std::uint64_t seen_ = 0;
  };

 private:
  mutable std::mutex mutex_;
  std::atomic<std::uint64_t> version_{1};
  std::shared_ptr<const T> current_;
};

}  // namespace transom
