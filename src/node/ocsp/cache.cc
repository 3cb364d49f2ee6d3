#include "node/ocsp/cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "node/files/durable_file.h"
#include "serve/unique_fd.h"
#include "tls/ocsp.h"

namespace transom::node {

std::string OcspCache::load(const std::string& id) const {
  // Whatever stands there is neither followed nor waited for.
  const serve::UniqueFd file(open(path_of(id).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return "";
  if (status.st_size <= 0 || static_cast<std::size_t>(status.st_size) > tls::kMaxOcspResponse) return "";
  std::string content(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t have = 0;
  while (have < content.size()) {
    const ssize_t count = read(file.get(), content.data() + have, content.size() - have);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return "";
    have += static_cast<std::size_t>(count);
  }
  return content;
}

Status OcspCache::store(const std::string& id, const std::string& der) {
  const std::lock_guard lock(writing_);
  if (mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail("cannot create {}: {}", directory_, std::strerror(errno));
  }
  if (auto written = write_durably(path_of(id), der, 0600); !written) return written;
  remove_oldest();
  return {};
}

void OcspCache::remove(const std::string& id) {
  const std::lock_guard lock(writing_);
  unlink(path_of(id).c_str());
}

void OcspCache::remove_oldest() {
  using std::filesystem::path;
  std::error_code ignored;
  std::vector<std::pair<std::filesystem::file_time_type, path>> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, ignored)) {
    if (entry.path().extension() == ".der") files.emplace_back(entry.last_write_time(ignored), entry.path());
  }
  if (files.size() <= kMaxFiles) return;
  std::sort(files.begin(), files.end());
  for (std::size_t i = 0; i < files.size() - kMaxFiles; ++i) std::filesystem::remove(files[i].second, ignored);
}

}  // namespace transom::node
