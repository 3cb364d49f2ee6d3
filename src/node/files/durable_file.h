// Files that are either the old ones or the new ones, whenever the machine stops.
#pragma once
#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/read_file.h"
#include "base/result.h"

namespace transom::node {

inline constexpr std::size_t kMaxSmallFile = 1 << 20;
/// The content of a small file; nothing when there is none.
Result<std::optional<std::string>> read_if_present(const std::string& path, std::size_t max_octets = kMaxSmallFile,
                                                   FileKinds kinds = FileKinds::regular);

/// Writes a file beside `path`, forces it to the disk and puts it in the place of `path`.
Status write_durably(const std::string& path, const std::string& content, mode_t mode);

using Owner = std::optional<std::pair<uid_t, gid_t>>;  // nothing: this process's

/// A new file, forced to the disk; one that is there is an error. Its mode is exact, whatever the umask. What a failure
/// began stays.
Status write_new(const std::string& path, const std::string& content, mode_t mode, const Owner& owner = {});

/// Forces the names in a directory to the disk.
Status sync_directory(const std::string& path);

struct NewFile {
  std::string name;
  std::string content;
  mode_t mode;
  Owner owner = std::nullopt;  // for `write_together`
};
/// Puts a directory (0700) with just these files in the place of `path`, all at once: a reader sees the old set or the
/// new one. What a crash leaves (`path.new`, `path.old`) the next call removes.
Status replace_directory(const std::string& path, const std::vector<NewFile>& files);

/// Ends what a crash may have left of `replace_directory`: where a file system cannot swap, there may be no `path` but
/// both of the others. To be called before anybody reads, by the only process that replaces.
Status recover_directory(const std::string& path);

}  // namespace transom::node
