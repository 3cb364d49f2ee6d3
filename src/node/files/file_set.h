// Files that belong together, such as a key and its certificate: all of them are written or none.
#pragma once
#include <span>

#include "base/result.h"
#include "node/files/durable_file.h"

namespace transom::node {

/// Whether `write_together` could begin: every directory is there and may be written, no file is named twice, none is a
/// directory, and, without `overwrite`, none is there. To be asked before anything costly or secret is made.
Status check_places(std::span<const std::string> paths, bool overwrite);

/// Each file (`name` is its path) is written beside its place and forced to the disk; when all are there, they are put
/// into their places. A failure, a full disk for example, undoes all of it; where that fails too, the error says what
/// is left, else that nothing was written. After a crash each file is the old one or the new one. All are of one kind
/// except where it came in the instant between two renames: then what is missing lies hidden beside its place
/// (".NAME.transom-XXXXXXXXXXXX"). The next call for the same places that succeeds removes what was left there.
Status write_together(std::span<const NewFile> files, bool overwrite);

}  // namespace transom::node
