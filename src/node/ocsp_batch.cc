#include "node/ocsp_batch.h"

#include <chrono>

namespace transom::node {

OcspBatch::OcspBatch(std::vector<std::shared_ptr<const OcspSubject>> subjects) : subjects_(std::move(subjects)) {
  for (const auto& subject : subjects_) ++(subject->must_staple ? must_staple_waiting_ : waiting_);
}

void OcspBatch::arrived(const OcspSubject& subject) {
  const std::lock_guard lock(mutex_);
  --(subject.must_staple ? must_staple_waiting_ : waiting_);
  changed_.notify_all();
}

bool OcspBatch::over(std::int64_t waited_ms) const {
  const std::lock_guard lock(mutex_);
  return settled(waited_ms);
}

bool OcspBatch::settled(std::int64_t waited_ms) const {
  return (waiting_ == 0 || waited_ms >= kBoundMs) && (must_staple_waiting_ == 0 || waited_ms >= kMustStapleBoundMs);
}

void OcspBatch::wait() {
  const auto began = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto waited = std::chrono::steady_clock::now() - began;
    const std::int64_t waited_ms = std::chrono::duration_cast<std::chrono::milliseconds>(waited).count();
    if (settled(waited_ms)) return;
    changed_.wait_for(lock, std::chrono::milliseconds(next_look_ms(waited_ms)));
  }
}

}  // namespace transom::node
