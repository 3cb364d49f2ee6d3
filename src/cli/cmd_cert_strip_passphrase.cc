#include <filesystem>

#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/passphrase.h"
#include "pki/keys.h"

namespace transom::cli {
namespace {

namespace fs = std::filesystem;

/// "server.key" becomes "server_plain.key".
std::string plain_name(const std::string& path) {
  const fs::path name(path);
  return (name.parent_path() / (name.stem().string() + "_plain" + name.extension().string())).string();
}

}  // namespace

int run_cert_strip_passphrase(Arguments& arguments) {
  std::string path;
  std::optional<std::string> named;
  PassphraseOptions options;
  bool force = false;
  arguments.word("KEY", path);
  arguments.text("--out", named, "FILE", "Where to write (default: KEY with _plain in its name)");
  options.declare(arguments, "the key");
  arguments.flag("--force", force, "Overwrite a file that is there, such as KEY itself");
  if (const auto code = arguments.parse()) return *code;

  const std::string out = named.value_or(plain_name(path));
  check_outputs({out}, force);
  spare_inputs({out}, {options.file});
  bool encrypted = false;
  const auto key = open_key(path, options, &encrypted);
  if (!encrypted) give_up("{} has no passphrase; it can be used as it is", path);
  write_outputs({{out, value_or_give_up(pki::key_pem(key.get(), "")), kSecretMode}}, force);
  fmt::print(
      "Whoever can read this file has the key. A node can also open the key under its passphrase: \"key_passphrase\" "
      "in "
      "the configuration.\n");
  return 0;
}

}  // namespace transom::cli
