#include "node/ocsp/stapler.h"

#include <algorithm>

#include "base/log.h"
#include "node/ocsp/schedule.h"

namespace transom::node {
namespace {

using tls::OcspVerdict;

constexpr std::int64_t kLookS = 3600;

std::int64_t stapled_until(const OcspSubject& subject) {
  const auto staple = subject.slot->get();
  return staple ? staple->not_after : 0;
}

bool past_half(const OcspVerdict& verdict, std::int64_t now) {
  return now >= verdict.this_update + (verdict.good_until - verdict.this_update) / 2;
}

}  // namespace

OcspStapler::OcspStapler(io::Loop& loop, Options options)
    : loop_(loop),
      quiet_(options.quiet),
      worker_(std::make_shared<OcspWorker>(loop, std::move(options.cache_directory), std::move(options.world))),
      look_timer_(
          loop.timers(), [](void* self) { static_cast<OcspStapler*>(self)->look(); }, this),
      bound_timer_(
          loop.timers(), [](void* self) { static_cast<OcspStapler*>(self)->finish_batches(); }, this) {}

OcspStapler::~OcspStapler() { worker_->cancel(); }

void OcspStapler::prepare(const Contexts& contexts, std::function<void()> done) {
  const auto batch = adopt(contexts);
  if (batch->subjects().empty() && pending_.empty()) return done();
  pending_.push_back({batch, std::move(done), loop_.now_ms()});
  const auto cached = std::make_shared<std::vector<OcspOutcome>>();
  loop_.offload([batch, cached, worker = worker_] { *cached = worker->look_into_cache(batch->subjects()); },
                [batch, cached, this, alive = std::weak_ptr<int>(alive_)] {
                  if (alive.expired()) return;
                  begin(batch, *cached);
                  finish_batches();
                });
  finish_batches();
}

std::shared_ptr<OcspBatch> OcspStapler::adopt(const Contexts& contexts) {
  forget_unused();
  std::vector<std::shared_ptr<const OcspSubject>> waiting;
  for (const std::string& fingerprint : take_certificates(contexts)) {
    Entry& entry = entries_[fingerprint];
    if (waits_for_staple(entry)) waiting.push_back(entry.subject);
  }
  return std::make_shared<OcspBatch>(std::move(waiting));
}

/// Makes the entries, and says which.
std::vector<std::string> OcspStapler::take_certificates(const Contexts& contexts) {
  std::vector<std::string> taken;
  for (const auto& context : contexts) {
    for (const tls::ServedCertificate& certificate : context->certificates()) {
      if (!certificate.staple || !certificate.leaf) continue;
      const std::string& fingerprint = certificate.info.sha256_fingerprint;
      Entry& entry = entries_[fingerprint];
      entry.users.push_back(context);
      const bool again = std::find(taken.begin(), taken.end(), fingerprint) != taken.end();
      if (again && !entry.subject->staple_file.empty()) continue;  // one endpoint has a file for it, this one has none
      entry.subject = make_ocsp_subject(certificate);
      if (!again) taken.push_back(fingerprint);
    }
  }
  return taken;
}

bool OcspStapler::waits_for_staple(Entry& entry) {
  const OcspSubject& subject = *entry.subject;
  OcspStanding& standing = entry.standing;
  const OcspState before = standing.state;
  if (!subject.has_source()) {
    const bool has_answerer = !subject.responder.empty() || !subject.staple_file.empty();
    standing = {has_answerer ? OcspState::no_issuer : OcspState::nothing, 0, 0, 0, "", ""};
    log_ocsp_state(subject, before, standing, quiet_);
    for (const auto& batch : std::exchange(entry.waiting, {})) batch->arrived(subject);  // nothing will be asked
    return false;
  }
  if (subject.staple_file.empty() && stapled_until(subject) > worker_->now()) {
    if (entry.failures > 0) standing.next_check = worker_->now();
    return false;
  }
  standing.state = OcspState::asking;  // so that what comes of a reload is said, even if it is no news
  return true;
}

void OcspStapler::begin(const std::shared_ptr<OcspBatch>& batch, const std::vector<OcspOutcome>& cached) {
  for (std::size_t i = 0; i < cached.size(); ++i) {
    const OcspSubject& subject = *batch->subjects()[i];
    const auto entry = entries_.find(subject.fingerprint);
    const bool good = cached[i] && cached[i]->status == OcspVerdict::Status::good;
    if (entry == entries_.end()) {
      batch->arrived(subject);
    } else if (good) {
      learn(entry->second, cached[i]);
      if (past_half(*cached[i], worker_->now())) entry->second.standing.next_check = worker_->now();
      batch->arrived(subject);
    } else {
      check(entry->second, {batch});
    }
  }
  arm();
}

void OcspStapler::finish_batches() {
  while (!pending_.empty()) {
    const auto waited_ms = static_cast<std::int64_t>(loop_.now_ms() - pending_.front().began_ms);
    if (!pending_.front().batch->over(waited_ms)) {
      return bound_timer_.start(static_cast<std::uint64_t>(OcspBatch::next_look_ms(waited_ms)));
    }
    const Pending finished = std::move(pending_.front());
    pending_.pop_front();
    finished.done();
  }
}

void OcspStapler::check(Entry& entry, Batches waiting) {
  ++entry.running;
  worker_->check(entry.subject,
                 [waiting = std::move(waiting), subject = entry.subject, this, &loop = loop_,
                  alive = std::weak_ptr<int>(alive_)](const OcspOutcome& outcome, const std::string& cache_fault) {
                   loop.post([waiting, subject, outcome, cache_fault, this, alive] {
                     if (!alive.expired()) checked(*subject, outcome, cache_fault, waiting);
                   });
                 });
}

void OcspStapler::checked(const OcspSubject& subject, const OcspOutcome& outcome, const std::string& cache_fault,
                          const Batches& waiting) {
  if (!cache_fault.empty() && cache_fault != cache_fault_) {
    log_warn("OCSP responses are not kept over a restart: {}", cache_fault);
    cache_fault_ = cache_fault;
  }
  Batches told = waiting;
  if (const auto found = entries_.find(subject.fingerprint); found != entries_.end()) {
    Entry& entry = found->second;
    --entry.running;
    learn(entry, outcome);
    told.insert(told.end(), entry.waiting.begin(), entry.waiting.end());
    entry.waiting = repeats(entry, outcome, told) ? std::exchange(told, {}) : Batches();
  }
  for (const auto& batch : told) batch->arrived(subject);
  arm();
  finish_batches();
}

/// Nothing is gained by serving a certificate that clients refuse, so a responder that is down for a moment, as the
/// network may be when a machine boots, is asked again for as long as one that does not answer is waited for.
bool OcspStapler::repeats(Entry& entry, const OcspOutcome& outcome, const Batches& waiting) {
  const OcspSubject& subject = *entry.subject;
  if (outcome || !subject.must_staple || !subject.staple_file.empty()) return false;
  if (std::none_of(waiting.begin(), waiting.end(), [this](const auto& batch) { return is_waited_for(*batch); })) {
    return false;
  }
  entry.failures = 0;
  entry.standing.next_check = worker_->now() + kRepeatS;
  return true;
}

bool OcspStapler::is_waited_for(const OcspBatch& batch) const {
  return std::any_of(pending_.begin(), pending_.end(), [this, &batch](const Pending& pending) {
    const auto waited_ms = static_cast<std::int64_t>(loop_.now_ms() - pending.began_ms);
    return pending.batch.get() == &batch && !batch.over(waited_ms);
  });
}

void OcspStapler::learn(Entry& entry, const OcspOutcome& outcome) {
  const OcspState before = entry.standing.state;
  if (outcome) {
    learn_verdict(entry, *outcome);
  } else {
    learn_failure(entry, outcome.error().message);
  }
  log_ocsp_state(*entry.subject, before, entry.standing, quiet_);
}

void OcspStapler::learn_verdict(Entry& entry, const OcspVerdict& verdict) {
  const std::int64_t now = worker_->now();
  entry.failures = 0;
  if (verdict.status == OcspVerdict::Status::revoked) {
    entry.standing = {OcspState::revoked, 0, now + kLookS, verdict.revoked_at, verdict.reason, ""};
    return;
  }
  const std::int64_t until = stapled_until(*entry.subject);
  std::int64_t next = next_refresh(verdict.this_update, verdict.good_until, now, random_);
  if (!entry.subject->staple_file.empty()) next = std::min(next, now + kLookS);  // a new file is seen within the hour
  entry.standing = {OcspState::good, until, next, 0, "", ""};
}

void OcspStapler::learn_failure(Entry& entry, const std::string& error) {
  const std::int64_t now = worker_->now();
  OcspStanding& standing = entry.standing;
  const std::int64_t left_s = std::max<std::int64_t>(0, stapled_until(*entry.subject) - now);
  standing.last_error = error;
  const bool urgent = left_s == 0 && entry.subject->must_staple && standing.state != OcspState::revoked;
  standing.next_check = next_retry(++entry.failures, left_s, urgent, now, random_);
  if (standing.state == OcspState::revoked) return;  // no answer is no pardon
  standing.state = left_s > 0 ? OcspState::aging : OcspState::missing;
  standing.good_until = left_s > 0 ? now + left_s : 0;
}

void OcspStapler::forget_unused() {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    auto& users = entry->second.users;
    users.erase(std::remove_if(users.begin(), users.end(), [](const auto& user) { return user.expired(); }),
                users.end());
    // One that a check is under way for stays until it has come back: it counts the checks. So does one that is waited
    // for.
    const bool unused = users.empty() && entry->second.running == 0 && entry->second.waiting.empty();
    entry = unused ? entries_.erase(entry) : std::next(entry);
  }
}

void OcspStapler::look() {
  forget_unused();
  for (auto& [fingerprint, entry] : entries_) look_at(entry);
  arm();
}

void OcspStapler::look_at(Entry& entry) {
  OcspStanding& standing = entry.standing;
  const std::int64_t now = worker_->now();
  if (standing.good_until != 0 && standing.good_until <= now) {
    const OcspState before = standing.state;
    entry.subject->slot->set(nullptr);
    standing.state = OcspState::missing;
    standing.good_until = 0;
    if (standing.last_error.empty()) standing.last_error = "the last one has expired";
    log_ocsp_state(*entry.subject, before, standing, quiet_);
  }
  if (entry.running == 0 && standing.next_check != 0 && standing.next_check <= now) {
    check(entry, std::exchange(entry.waiting, {}));
  }
}

void OcspStapler::arm() {
  const std::int64_t now = worker_->now();
  std::int64_t next = now + kLookS;
  for (const auto& [fingerprint, entry] : entries_) {
    const OcspStanding& standing = entry.standing;
    if (standing.good_until != 0) next = std::min(next, standing.good_until);
    if (standing.next_check != 0 && entry.running == 0) next = std::min(next, standing.next_check);
  }
  look_timer_.start(static_cast<std::uint64_t>(std::max<std::int64_t>(1, next - now)) * 1000);
}

nlohmann::json OcspStapler::status() const {
  nlohmann::json all = nlohmann::json::array();
  for (const auto& [fingerprint, entry] : entries_) all.push_back(describe_ocsp(*entry.subject, entry.standing));
  return all;
}

std::vector<std::string> OcspStapler::complaints() const {
  std::vector<std::string> all;
  for (const auto& [fingerprint, entry] : entries_) {
    if (auto text = ocsp_complaint(*entry.subject, entry.standing); !text.empty()) all.push_back(std::move(text));
  }
  return all;
}

std::set<std::string> OcspStapler::revoked() const {
  std::set<std::string> all;
  for (const auto& [fingerprint, entry] : entries_) {
    if (entry.standing.state == OcspState::revoked) all.insert(fingerprint);
  }
  return all;
}

}  // namespace transom::node
