#include "base/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace transom {
namespace {

constexpr std::size_t least_room = 16 * 1024;

struct Descriptor {
  explicit Descriptor(int number_) : number(number_) {}
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  Descriptor(const Descriptor&) = delete;
  const int number;
};

tl::unexpected<FileFault> system_fault(const char* verb) {
  const int error = errno;
  return tl::make_unexpected(FileFault{verb, std::strerror(error), error});
}

/// Space for what the file says it holds and one octet more, so that a secret is not copied to and fro.
std::size_t room_for(const struct stat& status, std::size_t max_octets) {
  const auto size = static_cast<std::size_t>(std::max<off_t>(status.st_size, 0));
  return std::min(std::max(size + 1, least_room), max_octets + 1);
}

tl::expected<std::string, FileFault> read_all(int file, const struct stat& status, std::size_t max_octets) {
  std::string content(room_for(status, max_octets), '\0');
  std::size_t count = 0;
  for (;;) {
    const ssize_t more = ::read(file, content.data() + count, content.size() - count);
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) return system_fault("read");
    count += static_cast<std::size_t>(more);
    if (more == 0 || count > max_octets) break;
    if (count == content.size()) content.resize(std::min(count * 2, max_octets + 1));
  }
  content.resize(count);
  return content;
}

}  // namespace

std::string not_regular(unsigned int mode) {
  if (S_ISREG(mode)) return "";
  const char* kind = S_ISDIR(mode)                    ? "a directory"
                     : S_ISFIFO(mode)                 ? "a FIFO"
                     : S_ISSOCK(mode)                 ? "a socket"
                     : S_ISCHR(mode) || S_ISBLK(mode) ? "a device"
                                                      : "something else";
  return std::string("it is ") + kind + ", not a regular file";
}

tl::expected<std::string, FileFault> read_file(const std::string& path, std::size_t max_octets, FileKinds kinds) {
  const bool regular = kinds == FileKinds::regular;
  const auto refused = [regular](const struct stat& status) { return regular ? not_regular(status.st_mode) : ""; };
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return system_fault("open");
  // Asked before, for opening a device may already do something; and of what was opened, for it may be another by then.
  if (auto reason = refused(status); !reason.empty()) return tl::make_unexpected(FileFault{"read", reason});
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | (regular ? O_NONBLOCK : 0)));
  if (file.number < 0 || ::fstat(file.number, &status) != 0) return system_fault("open");
  if (auto reason = refused(status); !reason.empty()) return tl::make_unexpected(FileFault{"read", reason});
  return read_all(file.number, status, max_octets);
}

}  // namespace transom
