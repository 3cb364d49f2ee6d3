// Small files that were asked for a moment ago, with all of their answer ready.
//
// A file is taken from here only while `stat` says that its path still leads to the same, unchanged file: it is asked
// at most once in a millisecond. And only while what StaticRoot knew when it allowed the file may still be relied upon
// (OpenedFile::allowed_until_ms), a second at most. A change that the file system does not stamp (through a shared
// mapping) is seen when that second is over.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http.h"
#include "serve/web/static_root.h"

namespace transom::serve {

/// Shared by all cores.
class FilesAtHand {
 public:
  static constexpr std::uint64_t kMaxSize = 16 << 10;  // of a file
  static constexpr std::size_t kMaxOctets = 4 << 20;   // of all together, then all are forgotten
  static constexpr std::size_t kOverhead = 1 << 10;    // what a file counts besides its octets and names

  /// The answer to a plain GET of `name`, the path below the root; null: open it.
  std::shared_ptr<const PreparedAnswer> find(std::string_view name) const;

  /// Reads `file`, if it is small and need not be waited for, and keeps it under `name` with the `fields` of a whole
  /// answer. `path` leads to it.
  void keep(const std::string& name, std::string path, const OpenedFile& file, const std::vector<Header>& fields);

 private:
  struct Kept;
  void put(const std::string& name, std::shared_ptr<const Kept> kept);

  mutable std::mutex mutex_;                                              // held for a look into the map
  std::map<std::string, std::shared_ptr<const Kept>, std::less<>> kept_;  // under mutex_
  std::size_t octets_ = 0;                                                // under mutex_
};

}  // namespace transom::serve
