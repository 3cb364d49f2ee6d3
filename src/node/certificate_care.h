// Looks after the certificates of a running node as time goes by.
#pragma once
#include <functional>
#include <memory>

#include "base/result.h"
#include "io/timer.h"
#include "node/expiry.h"
#include "node/reload.h"
#include "serve/core_group.h"

namespace transom::node {

/// Once an hour: has the node's own certificates renewed if it is time, and only then warns of those that end soon.
/// Lives on core 0's thread, as `reloader` does; warns also when it is made and after each reload.
class CertificateCare {
 public:
  using Renew = std::function<Result<bool>()>;  // off the loop; true: there are new files to load

  CertificateCare(io::Loop& loop, Reloader& reloader, const serve::CoreGroup& group, Renew renew);

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
