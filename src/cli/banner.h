// What `start` prints once the node serves: only lines that work now.
#pragma once
#include <cstdint>
#include <string>

#include "node/config/config.h"
#include "node/local_node.h"

namespace transom::cli {

/// A default node that was made ready.
struct LocalNodeNews {
  std::string directory;
  std::uint16_t port = 0;
  node::LocalNodeChanges changes;

  std::string page_url() const;
  std::string websocket_url() const;
};

std::string local_banner(const LocalNodeNews& news);
std::string configured_banner(const node::NodeConfig& config);

/// "1 error", "3 errors".
std::string count_of_errors(const node::LoadedConfig& loaded);

/// The examples of this program's source tree or package; empty when they are not there.
std::string examples_directory(const std::string& program);

}  // namespace transom::cli
