#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/certificate_input.h"
#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/config_lines.h"
#include "cli/input_file.h"
#include "cli/node_reload.h"
#include "cli/output.h"
#include "cli/places.h"
#include "cli/server_trial.h"
#include "node/node_lock.h"
#include "pki/bundle.h"
#include "pki/keys.h"

namespace transom::cli {
namespace {

struct Request {
  std::optional<std::string> key, certificate;
  std::vector<std::string> more;  // files of the chain
  PassphraseOptions passphrase;
  std::string name = "server";
  bool force = false;
  PlaceOptions place;
};

/// A file that only this process sees, so that a chain put together from several files can be tried as one.
class ChainFile {
 public:
  explicit ChainFile(const std::string& pem) : file_(memfd_create("chain", MFD_CLOEXEC)) {
    if (file_.get() < 0 || write(file_.get(), pem.data(), pem.size()) != static_cast<ssize_t>(pem.size())) {
      give_up("cannot keep the chain in memory; look at the limits of this shell: ulimit -a");
    }
  }
  std::string path() const { return fmt::format("/proc/self/fd/{}", file_.get()); }

 private:
  serve::UniqueFd file_;
};

std::string with_name(std::string text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// The chain of the files for the key, which a Transom takes; else the end of the command.
std::string good_chain(const Request& request) {
  std::vector<std::string> files = {*request.certificate};
  files.insert(files.end(), request.more.begin(), request.more.end());
  const tls::KeyHandle key = open_key(*request.key, request.passphrase);
  const auto bundle = value_or_give_up(pki::make_bundle(read_certificates(files, request.passphrase), key.get()));
  std::string pem = value_or_give_up(pki::bundle_pem(bundle.chain));
  const ChainFile chain(pem);
  const ServerTrial trial = try_pair(*request.key, chain.path(), request.passphrase, tls::KeyPermissions::warn);
  if (!trial.refusal.empty()) give_up("{}", with_name(trial.refusal, chain.path(), *request.certificate));
  for (const std::string& note : bundle.notes) fmt::print(stderr, "note: {}\n", note);
  for (const std::string& warning : trial.warnings) {
    fmt::print(stderr, "warning: {}\n", with_name(warning, chain.path(), *request.certificate));
  }
  return pem;
}

/// Root's files would be closed to a node that runs as the owner of its directory.
std::optional<std::pair<uid_t, gid_t>> owner_of(const std::string& directory) {
  struct stat facts {};
  if (geteuid() != 0 || stat(directory.c_str(), &facts) != 0) return std::nullopt;
  return std::pair{facts.st_uid, facts.st_gid};
}

void refuse_unopenable(const Request& request, bool encrypted) {
  if (!encrypted || request.passphrase.given()) return;
  give_up(
      "the key {0} is under a passphrase, and a node asks nobody for it; say where the node finds it ({1}), or take it "
      "off: transom cert strip-passphrase {0}",
      shell_word(*request.key), request.passphrase.remedy());
}

int reload_if_running(const std::string& directory) {
  if (!value_or_give_up(node::holder_of(directory)).held) {
    fmt::print("No node runs from {}; `transom check` looks at the whole configuration.\n", directory);
    return 0;
  }
  fmt::print("The node that runs from {} loads its files again:\n", directory);
  const nlohmann::json parts = ask_to_reload(directory);
  print_reload(parts);
  return kept_old_files(parts) ? 1 : 0;
}

}  // namespace

int run_cert_install(Arguments& arguments) {
  Request request;
  std::optional<std::string> name;
  arguments.text("--key", request.key, "FILE", "The private key, PEM");
  arguments.text("--certificate", request.certificate, "FILE", "Its certificate, with or without its chain");
  arguments.words("CHAIN-FILE", request.more);
  arguments.text("--as", name, "NAME", "Write NAME_key.pem and NAME_cert.pem (default: server)");
  request.place.declare(arguments, false);
  request.passphrase.declare(arguments, "the key, as the node will have it");
  arguments.flag("--force", request.force, "Overwrite an older pair");
  if (const auto code = arguments.parse()) return *code;
  if (!request.key || !request.certificate) give_up("name both: --key FILE --certificate FILE");
  refuse_standard_input(request.key, "--key");
  refuse_standard_input(request.passphrase.file, "--passphrase-file");
  if (name) request.name = *name;
  if (request.name.empty() || request.name.find('/') != std::string::npos) give_up("--as takes a name, not a path");

  const std::string directory = control_directory(request.place);
  const std::string key_name = request.name + "_key.pem", certificate_name = request.name + "_cert.pem";
  check_outputs({directory + "/" + key_name, directory + "/" + certificate_name}, request.force);
  const tls::Secret key = read_secret_input(*request.key, "key");
  const bool encrypted = pki::is_encrypted_key(key.text());
  refuse_unopenable(request, encrypted);
  const std::string chain = good_chain(request);
  const auto owner = owner_of(directory);
  write_outputs({{directory + "/" + key_name, key.text(), kSecretMode, owner},
                 {directory + "/" + certificate_name, chain, kPublicMode, owner}},
                request.force);
  fmt::print("\nIn the configuration, relative to the node directory:\n{}\n",
             tls_lines(key_name, certificate_name, encrypted, request.passphrase));
  return reload_if_running(directory);
}

}  // namespace transom::cli
