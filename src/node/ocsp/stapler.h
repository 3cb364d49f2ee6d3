// Keeps the OCSP staples of all certificates of a node fresh.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "io/loop.h"
#include "node/ocsp/batch.h"
#include "node/ocsp/report.h"
#include "node/ocsp/worker.h"
#include "tls/context.h"

namespace transom::node {

/// Lives on core 0's thread, not longer than its loop. A certificate is looked after while a ServerContext with it is
/// owned by somebody; its slot (StapleStore) is filled from the cache on disk, from a file or by its responder, and
/// emptied when it is revoked. Handshakes look into the slots and never wait.
class OcspStapler {
 public:
  using Contexts = std::vector<std::shared_ptr<const tls::ServerContext>>;
  /// Between two questions about a must-staple certificate that waits for its first staple.
  static constexpr std::int64_t kRepeatS = 1;
  struct Options {
    std::string cache_directory;
    bool quiet = false;  // nothing is said of certificates without a responder
    OcspWorld world = real_ocsp_world();
  };

  OcspStapler(io::Loop& loop, Options options);
  ~OcspStapler();
  OcspStapler(const OcspStapler&) = delete;
  OcspStapler& operator=(const OcspStapler&) = delete;

  /// Takes on the certificates of `contexts`, and calls `done` when each has its staple or it is known that it gets
  /// none now, after OcspBatch's bounds at the latest: perhaps before it returns, and in the order of the calls. To be
  /// called with every new context before it is served.
  void prepare(const Contexts& contexts, std::function<void()> done);

  /// Checks what is due. Called by itself when something is, and once an hour, for clocks jump and machines sleep.
  void look();

  /// A list of what describe_ocsp says, of every certificate that is looked after.
  nlohmann::json status() const;
  /// What ocsp_complaint says of them.
  std::vector<std::string> complaints() const;
  /// The fingerprints of certificates that are known to be revoked.
  std::set<std::string> revoked() const;

 private:
  using Batches = std::vector<std::shared_ptr<OcspBatch>>;
  struct Entry {
    std::shared_ptr<const OcspSubject> subject;
    std::vector<std::weak_ptr<const tls::ServerContext>> users;
    OcspStanding standing;
    unsigned failures = 0;  // in a row
    unsigned running = 0;   // checks
    Batches waiting;        // for the next check, as the last one failed
  };
  struct Pending {
    std::shared_ptr<OcspBatch> batch;
    std::function<void()> done;
    std::uint64_t began_ms;
  };

  std::shared_ptr<OcspBatch> adopt(const Contexts& contexts);
  std::vector<std::string> take_certificates(const Contexts& contexts);
  bool waits_for_staple(Entry& entry);
  void begin(const std::shared_ptr<OcspBatch>& batch, const std::vector<OcspOutcome>& cached);
  void finish_batches();

  /// `waiting` are told what comes of it.
  void check(Entry& entry, Batches waiting);
  void checked(const OcspSubject& subject, const OcspOutcome& outcome, const std::string& cache_fault,
               const Batches& waiting);
  bool repeats(Entry& entry, const OcspOutcome& outcome, const Batches& waiting);
  bool is_waited_for(const OcspBatch& batch) const;
  void learn(Entry& entry, const OcspOutcome& outcome);
  void learn_verdict(Entry& entry, const tls::OcspVerdict& verdict);
  void learn_failure(Entry& entry, const std::string& error);
  void forget_unused();
  void look_at(Entry& entry);
  void arm();

  io::Loop& loop_;
  const bool quiet_;
  SystemRandom random_;
  std::shared_ptr<OcspWorker> worker_;
  std::map<std::string, Entry> entries_;  // by fingerprint
  std::deque<Pending> pending_;
  std::string cache_fault_;  // said already
  io::Timer look_timer_, bound_timer_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // work off the loop may outlive this object
};

}  // namespace transom::node
