#include "serve/web/files_at_hand.h"

#include <sys/uio.h>

#include <atomic>
#include <ctime>

#include "serve/http_response.h"

namespace transom::serve {
namespace {

bool same_time(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

/// The time of change is stamped by the kernel alone: whoever writes, renames or links a file moves it.
bool unchanged(const struct stat& a, const struct stat& b) {
  return a.st_ino == b.st_ino && a.st_dev == b.st_dev && a.st_size == b.st_size && same_time(a.st_ctim, b.st_ctim) &&
         same_time(a.st_mtim, b.st_mtim);
}

}  // namespace

struct FilesAtHand::Kept : PreparedAnswer {
  std::string path;
  struct stat facts {};
  std::int64_t allowed_until_ms = 0;
  mutable std::atomic<std::int64_t> seen_ms{-1};  // when the file was last found unchanged

  std::size_t cost() const { return kOverhead + body.size() + 2 * path.size(); }
  bool is_current() const {
    const std::int64_t now_ms = monotonic_ms();
    if (now_ms >= allowed_until_ms) return false;
    if (seen_ms.load(std::memory_order_relaxed) == now_ms) return true;
    struct stat there {};
    if (::stat(path.c_str(), &there) != 0 || !unchanged(there, facts)) return false;
    seen_ms.store(now_ms, std::memory_order_relaxed);
    return true;
  }
};

std::shared_ptr<const PreparedAnswer> FilesAtHand::find(std::string_view name) const {
  std::shared_ptr<const Kept> kept;
  {
    const std::lock_guard lock(mutex_);
    const auto found = kept_.find(name);
    if (found != kept_.end()) kept = found->second;
  }
  return kept && kept->is_current() ? kept : nullptr;
}

void FilesAtHand::keep(const std::string& name, std::string path, const OpenedFile& file,
                       const std::vector<Header>& fields) {
  const auto size = static_cast<std::uint64_t>(file.facts.st_size);
  if (size == 0 || size > kMaxSize) return;
  auto kept = std::make_shared<Kept>();
  kept->body.resize(static_cast<std::size_t>(size));
  iovec target{kept->body.data(), kept->body.size()};
  if (::preadv2(file.fd.get(), &target, 1, 0, RWF_NOWAIT) != static_cast<ssize_t>(size)) return;
  kept->fields = fields_text(fields);
  kept->path = std::move(path);
  kept->facts = file.facts;
  kept->allowed_until_ms = file.allowed_until_ms;
  put(name, std::move(kept));
}

void FilesAtHand::put(const std::string& name, std::shared_ptr<const Kept> kept) {
  const std::size_t octets = kept->cost();
  const std::lock_guard lock(mutex_);
  if (octets_ + octets > kMaxOctets) {
    kept_.clear();
    octets_ = 0;
  }
  auto& place = kept_[name];
  if (place) octets_ -= place->cost();
  octets_ += octets;
  place = std::move(kept);
}

}  // namespace transom::serve
