// /proc/net/tcp and tcp6: a title line, then one socket a line,
//   sl: local_address:PORT remote_address:PORT STATE queues timer retransmits uid timeout INODE ...
// with hexadecimal ports and states (0A: listening). The inode leads to a process by the links in /proc/PID/fd.
#include "io/port_holder.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/log.h"

namespace transom::io {
namespace {

namespace fs = std::filesystem;

void collect_listeners(const char* table, std::uint16_t port, std::set<std::string>& links) {
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
    fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
    const auto colon = local.rfind(':');
    if (state != "0A" || colon == std::string::npos) continue;
    unsigned number = 0;
    std::from_chars(local.data() + colon + 1, local.data() + local.size(), number, 16);
    if (number == port) links.insert("socket:[" + inode + "]");
  }
}

bool holds_one_of(const fs::path& process, const std::set<std::string>& links) {
  std::error_code error;
  for (fs::directory_iterator entry(process / "fd", error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (links.count(fs::read_symlink(entry->path(), ignored).string()) != 0) return true;
  }
  return false;
}

std::string name_of(const fs::path& process) {
  std::ifstream file(process / "comm");
  std::string name;
  std::getline(file, name);
  return log_safe(name, 32);  // a process may call itself what it likes
}

}  // namespace

std::string describe_port_holder(std::uint16_t port) {
  std::set<std::string> links;
  collect_listeners("/proc/net/tcp", port, links);
  collect_listeners("/proc/net/tcp6", port, links);
  if (links.empty()) return "";
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error)) {
    const std::string pid = entry->path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos || !holds_one_of(entry->path(), links)) continue;
    return fmt::format("{} (PID {})", name_of(entry->path()), pid);
  }
  return "";
}

}  // namespace transom::io
