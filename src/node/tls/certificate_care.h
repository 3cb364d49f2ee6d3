// Looks after the certificates of a running node as time goes by.
#pragma once
#include <functional>
#include <memory>

#include "base/result.h"
#include "io/timer.h"
#include "node/reload.h"
#include "node/tls/expiry.h"
#include "serve/core_group.h"

namespace transom::node {

/// Once an hour: has the node's own certificates renewed if it is time, and only then warns of certificates and
/// revocation lists that end soon; of these also when it is made and after each reload. Lives on core 0's thread, as
/// `reloader` does.
class CertificateCare {
 public:
  /// Makes new certificates if it is time and says whether it did. Off the loop.
  using Renew = std::function<Result<bool>()>;

  CertificateCare(io::Loop& loop, Reloader& reloader, const serve::CoreGroup& group, Renew renew);

  /// One sentence for each certificate and revocation list that is near its end.
  std::vector<std::string> near_expiry() const;

 private:
  void look();
  void renewed(const Result<bool>& result);
  void warn();

  static constexpr std::uint64_t kIntervalMs = 60 * 60 * 1000;
  io::Loop& loop_;
  Reloader& reloader_;
  const serve::CoreGroup& group_;
  Renew renew_;
  ExpiryWarnings warnings_;
  io::Timer timer_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // work off the loop may outlive this object
};

}  // namespace transom::node
