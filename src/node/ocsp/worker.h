// The part of stapling that blocks, on the thread pool.
#pragma once
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "io/loop.h"
#include "node/ocsp/check.h"

namespace transom::node {

/// Runs checks, kMaxChecks at a time, so that slow responders never fill the pool. Shared by its jobs, which may
/// outlive whoever ordered them, but not the loop.
class OcspWorker : public std::enable_shared_from_this<OcspWorker> {
 public:
  static constexpr std::size_t kMaxChecks = 2;
  using Done = std::function<void(const OcspOutcome& outcome, const std::string& cache_fault)>;

  OcspWorker(io::Loop& loop, std::string cache_directory, OcspWorld world)
      : loop_(loop), cache_(std::move(cache_directory)), world_(std::move(world)) {}

  /// On the loop's thread (or before it runs). `done` is called on the pool's.
  void check(std::shared_ptr<const OcspSubject> subject, Done done);
  /// Reads and verifies what the cache holds for each of them. Blocks.
  std::vector<OcspOutcome> look_into_cache(const std::vector<std::shared_ptr<const OcspSubject>>& subjects) const;
  /// Lets running checks end soon and forgets the others.
  void cancel();

  std::int64_t now() const { return world_.now(); }

 private:
  struct Job {
    std::shared_ptr<const OcspSubject> subject;
    Done done;
  };
  void run();
  bool take(Job& job);

  io::Loop& loop_;
  OcspCache cache_;
  const OcspWorld world_;
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  std::deque<Job> jobs_;     // under mutex_
  std::size_t runners_ = 0;  // under mutex_
};

}  // namespace transom::node
