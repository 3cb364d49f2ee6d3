#include "node/ocsp/worker.h"

namespace transom::node {

void OcspWorker::check(std::shared_ptr<const OcspSubject> subject, Done done) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back({std::move(subject), std::move(done)});
    if (runners_ == kMaxChecks) return;
    ++runners_;
  }
  loop_.offload([self = shared_from_this()] { self->run(); }, [] {});
}

std::vector<OcspOutcome> OcspWorker::look_into_cache(
    const std::vector<std::shared_ptr<const OcspSubject>>& subjects) const {
  std::vector<OcspOutcome> outcomes;
  for (const auto& subject : subjects) outcomes.push_back(check_cached(*subject, cache_, now()));
  return outcomes;
}

void OcspWorker::run() {
  for (Job job; take(job);) {
    std::string cache_fault;
    const OcspOutcome outcome = check_source(*job.subject, cache_, world_, cancelled_, cache_fault);
    job.done(outcome, cache_fault);
  }
}

bool OcspWorker::take(Job& job) {
  const std::lock_guard lock(mutex_);
  if (jobs_.empty()) {
    --runners_;
    return false;
  }
  job = std::move(jobs_.front());
  jobs_.pop_front();
  return true;
}

void OcspWorker::cancel() {
  cancelled_ = true;
  const std::lock_guard lock(mutex_);
  jobs_.clear();
}

}  // namespace transom::node
