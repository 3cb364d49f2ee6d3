#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/places.h"
#include "node/durable_file.h"
#include "node/local_node.h"
#include "tls/certificate_info.h"

namespace transom::cli {
namespace {

namespace fs = std::filesystem;
using CommandLine = std::vector<std::string>;

std::string shown(const CommandLine& command) {
  std::string text;
  for (const std::string& word : command) text += (text.empty() ? "" : " ") + shell_word(word);
  return text;
}

/// Runs a program of the PATH, without a shell, and gives its exit code. `quiet`: what it writes is not shown.
int run_program(const CommandLine& command, bool quiet) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (quiet) {
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  }
  pid_t child = 0;
  const int error = posix_spawnp(&child, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error == ENOENT) {
    give_up("there is no {} on this machine; install it with: sudo apt install libnss3-tools (Fedora: nss-tools)",
            command[0]);
  }
  if (error != 0) give_up("cannot run {}: {}", command[0], std::strerror(error));
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

struct BrowserStore {
  std::string directory;  // ~/.pki/nssdb, which Chromium and its relatives read
  bool dry_run = false;

  std::string database() const { return "sql:" + directory; }
  bool exists() const {
    std::error_code ignored;
    return fs::exists(directory + "/cert9.db", ignored);
  }
  void run(const CommandLine& command) const {
    fmt::print("{} {}\n", dry_run ? "would run:" : "running:  ", shown(command));
    std::fflush(stdout);
    if (!dry_run && run_program(command, false) != 0) give_up("the command above failed; nothing else was done");
  }
  void create() const {
    std::error_code error;
    if (!dry_run && fs::create_directories(directory, error)) fs::permissions(directory, fs::perms::owner_all, error);
    if (error) give_up("cannot create {}: {}", directory, error.message());
    run({"certutil", "-N", "-d", database(), "--empty-password"});
  }
  bool trusts(const std::string& name) const {
    return exists() && run_program({"certutil", "-V", "-u", "L", "-d", database(), "-n", name}, true) == 0;
  }
};

std::string home_directory() {
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') give_up("$HOME is not set; set it to the directory whose browser shall trust");
  return home;
}

/// The subject of the root carries an id of its key, so that a new CA never takes an older one for itself.
std::string nickname_of(const tls::CertificateInfo& root) {
  return root.subject.starts_with("CN=") ? root.subject.substr(3) : root.subject;
}

void explain_others(const std::string& root, const std::string& name) {
  fmt::print(
      "\nElsewhere, by hand:\n"
      "  system:   sudo cp {0} /usr/local/share/ca-certificates/transom-local.crt && sudo update-ca-certificates\n"
      "  Firefox:  Settings, Privacy & Security, View Certificates, Authorities, Import: {0}\n"
      "  Node.js:  NODE_EXTRA_CA_CERTS={0} node ...\n"
      "  curl:     curl --cacert {0} ...\n"
      "  undo:     certutil -D -d sql:$HOME/.pki/nssdb -n {1}\n",
      shell_word(root), shell_word(name));
}

}  // namespace

int run_ca_trust(Arguments& arguments) {
  bool dry_run = false;
  arguments.flag("--dry-run", dry_run, "Only show what would be done");
  if (const auto code = arguments.parse()) return *code;

  const std::string root = node::LocalNodeFiles(local_node_directory()).root_cert;
  const auto pem = value_or_give_up(node::read_if_present(root));
  if (!pem)
    give_up("there is no local CA at {}; `transom start` makes one, run this in the directory of that node", root);
  const auto info = value_or_give_up(tls::certificate_info(*pem));
  const std::string name = nickname_of(info);
  fmt::print("Certificate: {}\nFile:        {}\nSHA-256:     {}\n", name, root, info.sha256_fingerprint);
  fmt::print(
      "It can vouch for localhost and the loopback addresses only. Compare the fingerprint with what start shows.\n\n");

  const BrowserStore store{home_directory() + "/.pki/nssdb", dry_run};
  if (store.trusts(name)) {
    fmt::print("The browser store {} trusts it already.\n", store.directory);
  } else {
    if (!store.exists()) store.create();
    store.run({"certutil", "-A", "-d", store.database(), "-t", "C,,", "-n", name, "-i", root});
    if (!dry_run) fmt::print("Chromium and its relatives trust it now; restart them.\n");
  }
  explain_others(root, name);
  return 0;
}

}  // namespace transom::cli
