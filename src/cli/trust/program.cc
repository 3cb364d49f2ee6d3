#include "cli/trust/program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "cli/cli_error.h"
#include "cli/places.h"
#include "serve/unique_fd.h"

namespace transom::cli {
namespace {

using serve::UniqueFd;

constexpr std::size_t kMostOutput = 4 << 20;

/// What the program writes until its end; what is too much is read and dropped, so that it does not wait for us.
std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 16384> piece;
  for (;;) {
    const ssize_t count = read(descriptor, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(piece.data(), std::min(static_cast<std::size_t>(count), kMostOutput - text.size()));
  }
}

/// In memory, so that nobody else can change what a program reads.
UniqueFd input_of(const CommandLine& command, const std::string& text) {
  UniqueFd file(text.empty() ? open("/dev/null", O_RDONLY | O_CLOEXEC) : memfd_create("input", MFD_CLOEXEC));
  const auto size = static_cast<ssize_t>(text.size());
  if (!file ||
      (size > 0 && (write(file.get(), text.data(), text.size()) != size || lseek(file.get(), 0, SEEK_SET) != 0)))
    give_up("cannot run {}: {}", command[0], std::strerror(errno));
  return file;
}

pid_t spawn(const CommandLine& command, int input, int output) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  pid_t child = 0;
  const int error = posix_spawnp(&child, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) give_up("cannot run {}: {}", command[0], std::strerror(error));
  return child;
}

}  // namespace

std::string find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  const std::string places = std::string(path == nullptr ? "" : path) + ":/usr/local/sbin:/usr/sbin:/sbin";
  for (std::size_t begin = 0; begin < places.size();) {
    const std::size_t end = std::min(places.find(':', begin), places.size());
    const std::string file = places.substr(begin, end - begin) + "/" + name;
    if (file[0] == '/' && file[1] != '/' && access(file.c_str(), X_OK) == 0) return file;
    begin = end + 1;
  }
  return "";
}

std::string shown(const CommandLine& command) {
  std::string text;
  for (const std::string& word : command) text += (text.empty() ? "" : " ") + shell_word(word);
  return text;
}

ProgramResult run_program(const CommandLine& command, const std::string& input) {
  const UniqueFd in = input_of(command, input);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) give_up("cannot run {}: {}", command[0], std::strerror(errno));
  const pid_t child = spawn(command, in.get(), ends[1]);
  close(ends[1]);
  ProgramResult result;
  result.output = read_all(ends[0]);
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return result;
}

}  // namespace transom::cli
