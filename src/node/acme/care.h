// Keeps the certificates by ACME of a running node.
#pragma once
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "io/loop.h"
#include "io/timer.h"
#include "node/acme/visit.h"
#include "node/config/config.h"
#include "node/reload.h"

namespace transom::node {

/// Every certificate by ACME that `config` wants, those that endpoints share once.
std::vector<std::shared_ptr<const AcmeSubject>> acme_subjects(const NodeConfig& config);

/// Visits each certificate at once, when it is due and once an hour, one after the other on the thread pool; a new one
/// is loaded by `reloader`. Lives on core 0's thread, as `reloader` does, and not longer than the loop.
class AcmeCare {
 public:
  using Subjects = std::vector<std::shared_ptr<const AcmeSubject>>;
  struct Options {
    Subjects subjects;
    std::shared_ptr<tls::AcmeChallenges> answers;
    /// Fingerprints of certificates that are known to be revoked.
    std::function<std::set<std::string>()> revoked;
    AcmeWorld world = real_acme_world();
  };

  AcmeCare(io::Loop& loop, Reloader& reloader, Options options);
  ~AcmeCare();
  AcmeCare(const AcmeCare&) = delete;
  AcmeCare& operator=(const AcmeCare&) = delete;

  /// Somebody asks to try again now what has failed.
  void retry();
  /// A list of what describe_acme says.
  nlohmann::json status() const;

 private:
  struct Entry {
    std::shared_ptr<const AcmeSubject> subject;
    AcmeStanding standing;
    std::int64_t next_look = 0;
    bool asked = false;
  };
  struct Job;

  void look();
  void visit(std::size_t index);
  void visited(std::size_t index, const AcmeReport& report);
  void arm();

  io::Loop& loop_;
  Reloader& reloader_;
  const std::function<std::set<std::string>()> revoked_;
  const std::shared_ptr<const AcmeWorld> world_;
  const std::shared_ptr<tls::AcmeChallenges> answers_;
  const std::shared_ptr<std::atomic<bool>> cancelled_ = std::make_shared<std::atomic<bool>>(false);
  const std::shared_ptr<SystemRandom> random_ = std::make_shared<SystemRandom>();  // belongs to the visit, if any
  std::vector<Entry> entries_;
  bool busy_ = false;
  io::Timer timer_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // work off the loop may outlive this object
};

}  // namespace transom::node
