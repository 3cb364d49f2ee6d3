// Files that belong together, such as a key and its certificate: all of them are written or none.
#pragma once
#include <span>

#include "base/result.h"
#include "node/durable_file.h"

namespace transom::node {

/// Whether `write_together` could begin: every directory is there and may be written, no file is named twice, none is a
/// directory, and, without `overwrite`, none is there. To be asked before anything costly or secret is made.
Status check_places(std::span<const std::string> paths, bool overwrite);

/// Each file (`name` is its path) is written beside its place and forced to the disk; when all are there, they are put
/// into their places. A failure, a full disk for example, undoes all of it. A crash leaves the new files or the old
/// ones; in the instant between two renames, under hidden names beside the places (".NAME.XXXXXX") what is missing.
Status write_together(std::span<const NewFile> files, bool overwrite);

}  // namespace transom::node
