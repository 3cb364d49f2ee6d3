// OCSP responses on disk, so that a restart has its staples while a responder is down.
#pragma once
#include <mutex>
#include <string>

#include "base/result.h"

namespace transom::node {

/// In the node directory.
inline constexpr char kOcspCacheName[] = "ocsp-cache";

/// A directory of `<id>.der`. It is no authority: whoever loads a response must verify it again. Any thread.
class OcspCache {
 public:
  static constexpr std::size_t kMaxFiles = 256;

  explicit OcspCache(std::string directory) : directory_(std::move(directory)) {}

  /// Empty where there is none, or something that cannot be a response: too long, a link, no regular file.
  std::string load(const std::string& id) const;
  /// Makes the directory (0700) where it is missing, writes the file (0600) whole or not at all, and removes the oldest
  /// of more than kMaxFiles.
  Status store(const std::string& id, const std::string& der);
  void remove(const std::string& id);

 private:
  std::string path_of(const std::string& id) const { return directory_ + "/" + id + ".der"; }
  void remove_oldest();

  const std::string directory_;
  std::mutex writing_;
};

}  // namespace transom::node
