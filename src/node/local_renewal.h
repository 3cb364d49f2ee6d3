// Keeps the running default node's certificate fresh.
#pragma once
#include <memory>
#include <string>

#include "io/timer.h"
#include "node/node.h"

namespace transom::node {

/// Looks once an hour whether the certificate has passed two thirds of its life, makes a new one off the loop and has
/// the node load it. Lives on core 0's thread, not longer than the node.
class LocalRenewal {
 public:
  LocalRenewal(Node& node, std::string directory);

 private:
  void look();
  void looked(const Result<bool>& renewed);

  static constexpr std::uint64_t kIntervalMs = 60 * 60 * 1000;
  Node& node_;
  std::string directory_;
  io::Timer timer_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // work off the loop may outlive this object
};

}  // namespace transom::node
