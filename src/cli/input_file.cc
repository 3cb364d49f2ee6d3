#include "cli/input_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/cli_error.h"
#include "cli/places.h"
#include "serve/unique_fd.h"

namespace transom::cli {
namespace {

constexpr int kPatienceMs = 60'000;  // for the next octets of a pipe

const char* remedy_for(int error) {
  if (error == ENOENT || error == ENOTDIR) return "; check the path";
  if (error == EACCES) return "; run this as the user who may read it";
  return "";
}

/// Opening does not wait: a pipe without a writer would let it wait for ever.
int open_input(const std::string& path, const char* what) {
  if (path == "-") return dup(STDIN_FILENO);
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) {
    const int error = errno;
    give_up("cannot open the {} {}: {}{}", what, path, std::strerror(error), remedy_for(error));
  }
  return file;
}

const char* remark_on(int file) {
  struct stat facts {};
  return fstat(file, &facts) == 0 && S_ISFIFO(facts.st_mode) ? ": it is a pipe, and nobody wrote into it" : "";
}

/// The next octets; 0 at the end.
std::size_t read_some(int file, char* into, std::size_t room, const std::string& name) {
  for (;;) {
    const ssize_t count = read(file, into, room);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EISDIR) give_up("{} is a directory; name a file", name);
    if (errno != EINTR && errno != EAGAIN) give_up("cannot read {}: {}", name, std::strerror(errno));
    pollfd ready{file, POLLIN, 0};
    if (errno == EAGAIN && poll(&ready, 1, kPatienceMs) == 0) give_up("nothing comes out of {}; gave up waiting", name);
  }
}

}  // namespace

std::string read_input(const std::string& path, const char* what, std::size_t max_octets) {
  const serve::UniqueFd file(open_input(path, what));
  const std::string name = path == "-" ? "the standard input" : path;
  std::string content;
  content.reserve(64 * 1024);
  char piece[16 * 1024];
  while (const std::size_t count = read_some(file.get(), piece, sizeof piece, name)) {
    content.append(piece, count);
    if (content.size() > max_octets) {
      give_up("{} is longer than {} KiB, the most that is read of a {}", name, max_octets / 1024, what);
    }
  }
  OPENSSL_cleanse(piece, sizeof piece);
  if (content.empty()) give_up("the {} {} is empty{}", what, name, remark_on(file.get()));
  return content;
}

void refuse_standard_input(const std::optional<std::string>& path, const char* option) {
  if (path != "-") return;
  give_up("{} cannot be the standard input here: it is read more than once; name a file", option);
}

tls::Secret read_secret_input(const std::string& path, const char* what) { return tls::Secret(read_input(path, what)); }

}  // namespace transom::cli
