// Opens files below a directory, and nothing else. All functions but `try_open` block: they belong on the thread pool.
//
// A file is served when all of this holds, checked on the opened descriptor, so that nobody can swap it in between:
//   1. no component of the request path or of the file's real path below the root starts with a dot (but /.well-known
//      at the top of the site), unless `serve_dotfiles`
//   2. it lies in the directory after all symlinks, unless `follow_symlinks`
//   3. its real path is not below the node directory, unless the configured root itself lies there
//   4. it is none of the protected files, by path or by device and inode (hard links, bind mounts), and no hard link of
//      a file below the node directory
//   5. it is a regular file or a directory
//
// `try_open` never waits for a disk and only ever says yes: it gives the plain case, a regular file that has one name
// and lies in a local file system where the path says, without any symlink or mount on the way. For the rules 3 and 4
// it compares with what `open` has learned of the node within the last second (`Surroundings`); a file that was
// created, renamed or linked since then may be a new key, and is left to `open`.
#pragma once
#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "serve/site.h"
#include "serve/transport_config.h"
#include "serve/unique_fd.h"

namespace transom::serve {

/// By a clock of the system that nobody sets.
std::int64_t monotonic_ms();

struct OpenedFile {
  UniqueFd fd;
  struct stat facts {};
  /// By `try_open`: until when what it was judged by may be relied upon, in monotonic_ms(). By `open`: 0.
  std::int64_t allowed_until_ms = 0;
  bool is_directory() const { return S_ISDIR(facts.st_mode); }
};

class StaticRoot {
 public:
  /// How symlinks are kept inside: by the kernel in one call, or (before Linux 5.6) by walking without any.
  enum class Method { openat2, walk };

  StaticRoot(const StaticConfig& config, const SiteContext& context, Method method = Method::openat2);

  /// Opens `rest` ("css/site.css"; "": the directory itself) for reading. `well_known`: the path of the request starts
  /// with "/.well-known". The error is an HTTP status: 404, or 503 when the node is out of descriptors.
  tl::expected<OpenedFile, int> open(std::string_view rest, bool well_known) const;

  /// A regular file that `open` would give, too, if that can be told without blocking; nothing: ask `open`.
  std::optional<OpenedFile> try_open(std::string_view rest, bool well_known) const;
  const std::string& directory() const { return directory_; }

  /// The names in an opened directory that `open` would give, sorted, directories with a trailing '/'; at most
  /// kMaxListed of them.
  std::vector<std::string> list(const OpenedFile& directory, std::string_view rest, bool well_known) const;
  static constexpr std::size_t kMaxListed = 2'000;

 private:
  struct Surroundings;

  void learn_surroundings(int root) const;
  std::shared_ptr<const Surroundings> fresh_surroundings() const;
  UniqueFd open_below(int root, const std::string& rest) const;
  bool may_serve(int root, const OpenedFile& file, bool well_known) const;
  bool is_protected(const std::string& real_path, const struct stat& facts) const;
  bool is_link_into_node(const struct stat& facts, const std::string& real_node) const;

  const std::string directory_;
  const bool follow_symlinks_, serve_dotfiles_;
  const std::string node_directory_;
  const std::vector<std::string> protected_files_;
  const Method method_;
  mutable std::mutex mutex_;  // held for the copy of a pointer, no longer
  mutable std::shared_ptr<const Surroundings> surroundings_;
};

}  // namespace transom::serve
