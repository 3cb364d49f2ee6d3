#include "node/acme/care.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace transom::node {
namespace {

constexpr std::int64_t kLookS = 3600;  // at least so often: clocks jump and machines sleep

bool has_plain_port_80(const NodeConfig& config) {
  for (const WorkerConfig& worker : config.workers) {
    for (const serve::TransportConfig& transport : worker.transports) {
      const auto& endpoint = transport.endpoint;
      if (endpoint.type == serve::EndpointConfig::Type::tcp && endpoint.port == 80 && !endpoint.tls) return true;
    }
  }
  return false;
}

/// Where both may be, the one that this node listens for comes first.
std::vector<std::string> challenges_for(const tls::AcmeConfig& acme, std::uint16_t port, bool plain_port_80) {
  using Challenge = tls::AcmeConfig::Challenge;
  if (acme.challenge == Challenge::http_01) return {"http-01"};
  if (acme.challenge == Challenge::tls_alpn_01) return {"tls-alpn-01"};
  if (port != 443 && plain_port_80) return {"http-01", "tls-alpn-01"};
  return {"tls-alpn-01", "http-01"};
}

}  // namespace

std::vector<std::shared_ptr<const AcmeSubject>> acme_subjects(const NodeConfig& config) {
  std::vector<std::shared_ptr<const AcmeSubject>> subjects;
  std::set<std::string> seen;
  const bool plain_port_80 = has_plain_port_80(config);
  for (const WorkerConfig& worker : config.workers) {
    for (const serve::TransportConfig& transport : worker.transports) {
      const auto& endpoint = transport.endpoint;
      if (!endpoint.tls || !endpoint.tls->acme) continue;
      const tls::AcmeConfig& acme = *endpoint.tls->acme;
      AcmeSubject subject{acme, acme_files(acme), challenges_for(acme, endpoint.port, plain_port_80)};
      if (!seen.insert(subject.files.chain).second) continue;
      subjects.push_back(std::make_shared<const AcmeSubject>(std::move(subject)));
    }
  }
  return subjects;
}

/// What a visit on the thread pool needs of us, and brings back.
struct AcmeCare::Job {
  std::shared_ptr<const AcmeSubject> subject;
  std::shared_ptr<tls::AcmeChallenges> answers;
  std::shared_ptr<const AcmeWorld> world;
  std::shared_ptr<SystemRandom> random;
  std::shared_ptr<const std::atomic<bool>> cancelled;
  AcmeOccasion occasion;
  AcmeReport report;

  void run() {
    if (!*cancelled) report = visit_acme(*subject, {*answers, *world, *random, cancelled}, occasion);
  }
};

AcmeCare::AcmeCare(io::Loop& loop, Reloader& reloader, Options options)
    : loop_(loop),
      reloader_(reloader),
      revoked_(std::move(options.revoked)),
      world_(std::make_shared<const AcmeWorld>(std::move(options.world))),
      answers_(std::move(options.answers)),
      timer_(
          loop.timers(), [](void* self) { static_cast<AcmeCare*>(self)->look(); }, this) {
  for (auto& subject : options.subjects) entries_.push_back({std::move(subject), {}, 0, false});
  look();
}

AcmeCare::~AcmeCare() { *cancelled_ = true; }

void AcmeCare::retry() {
  for (Entry& entry : entries_) {
    if (entry.standing.failures == 0 && entry.standing.state != AcmeStanding::State::missing) continue;
    entry.next_look = 0;
    entry.asked = true;
  }
  look();
}

/// One at a time: an authority has no need to see all names of a node at once, and the pool has other work.
void AcmeCare::look() {
  if (busy_) return;
  const std::int64_t now = world_->now();
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    // Further away than we ever plan: it was planned by a clock that has been set back since.
    const std::int64_t next = entries_[i].next_look;
    if (next <= now || next > now + kLookS) return visit(i);
  }
  arm();
}

void AcmeCare::visit(std::size_t index) {
  busy_ = true;
  Entry& entry = entries_[index];
  const auto job = std::make_shared<Job>();
  job->subject = entry.subject;
  job->answers = answers_;
  job->world = world_;
  job->random = random_;
  job->cancelled = cancelled_;
  job->occasion.asked = std::exchange(entry.asked, false);
  if (revoked_) job->occasion.revoked = revoked_();
  if (entry.standing.next_order <= world_->now()) entry.standing.state = AcmeStanding::State::ordering;
  loop_.offload([job] { job->run(); },
                [job, index, this, alive = std::weak_ptr<int>(alive_)] {
                  if (!alive.expired()) visited(index, job->report);
                });
}

void AcmeCare::visited(std::size_t index, const AcmeReport& report) {
  busy_ = false;
  Entry& entry = entries_[index];
  entry.standing = report.standing;
  const std::int64_t now = world_->now();
  // Asked for meanwhile: what was found out by then may have been mended.
  entry.next_look = entry.asked ? 0 : std::clamp(report.next_look, now + 1, now + kLookS);
  if (report.replaced) reloader_.reload(Reloader::Cause::noticed);
  look();
}

void AcmeCare::arm() {
  const std::int64_t now = world_->now();
  std::int64_t next = now + kLookS;
  for (const Entry& entry : entries_) next = std::min(next, entry.next_look);
  timer_.start(static_cast<std::uint64_t>(std::max<std::int64_t>(1, next - now)) * 1000);
}

nlohmann::json AcmeCare::status() const {
  nlohmann::json all = nlohmann::json::array();
  for (const Entry& entry : entries_) all.push_back(describe_acme(*entry.subject, entry.standing));
  return all;
}

}  // namespace transom::node
