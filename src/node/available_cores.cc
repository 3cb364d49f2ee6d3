// How many cores this process may use.
#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>

#include "node/node.h"

namespace transom::node {
namespace {

unsigned affinity_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<unsigned>(CPU_COUNT(&set));
}

/// The cgroup v2 quota in whole cores, rounded up; 0 when there is none. The own group is the nearest one that says
/// something; inside a container its path is "/".
unsigned quota_cores() {
  std::ifstream groups("/proc/self/cgroup");
  std::string line, path;
  while (std::getline(groups, line)) {
    if (line.rfind("0::", 0) == 0) path = line.substr(3);
  }
  for (;;) {
    std::ifstream limits("/sys/fs/cgroup" + path + "/cpu.max");
    std::string quota;
    double period = 0;
    if (limits >> quota >> period && quota != "max" && period > 0) {
      return static_cast<unsigned>(std::ceil(std::stod(quota) / period));
    }
    const std::size_t slash = path.rfind('/');
    if (path.empty() || slash == std::string::npos) return 0;
    path.resize(slash);
  }
}

}  // namespace

unsigned available_cores() {
  const unsigned quota = quota_cores();
  unsigned cores = affinity_cores();
  if (quota > 0) cores = std::min(cores, quota);
  return std::clamp(cores, 1u, static_cast<unsigned>(router::kMaxCores));
}

}  // namespace transom::node
