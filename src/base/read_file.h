// Whole files by their path, without ever waiting for a thing that only looks like one.
#pragma once
#include <cstddef>
#include <string>
#include <tl/expected.hpp>

namespace transom {

/// What may stand at a path.
enum class FileKinds {
  /// Files that a configuration names or that the node keeps: who opens a FIFO or reads a device may wait for ever.
  regular,
  /// What a person hands to a command: a pipe too, such as the shell's <(...).
  any,
};

/// For messages: "cannot {verb} the key {path}: {reason}".
struct FileFault {
  const char* verb;    // "open" or "read"
  std::string reason;  // "No such file or directory", "it is a FIFO, not a regular file"
  int error = 0;       // errno; 0: it is of the wrong kind
};

/// The octets of a file; one more than `max_octets` at the most, so that the caller sees an over-long file as such.
tl::expected<std::string, FileFault> read_file(const std::string& path, std::size_t max_octets,
                                               FileKinds kinds = FileKinds::regular);

/// What hinders reading something of this mode (stat) as a regular file; empty: nothing.
std::string not_regular(unsigned int mode);

}  // namespace transom
