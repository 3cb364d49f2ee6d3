#include "node/ocsp/batch.h"

namespace transom::node {

OcspBatch::OcspBatch(std::vector<std::shared_ptr<const OcspSubject>> subjects) : subjects_(std::move(subjects)) {
  for (const auto& subject : subjects_) ++(subject->must_staple ? must_staple_waiting_ : waiting_);
}

void OcspBatch::arrived(const OcspSubject& subject) { --(subject.must_staple ? must_staple_waiting_ : waiting_); }

bool OcspBatch::over(std::int64_t waited_ms) const {
  return (waiting_ == 0 || waited_ms >= kBoundMs) && (must_staple_waiting_ == 0 || waited_ms >= kMustStapleBoundMs);
}

}  // namespace transom::node
