#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/new_key.h"
#include "cli/output.h"
#include "cli/places.h"
#include "pki/keys.h"
#include "pki/requests.h"

namespace transom::cli {
namespace {

void say_what_is_next(const std::string& request, const ChosenKey& key) {
  fmt::print(
      "\nSend {0} to an authority, never the key. What it asks for: transom cert show {0}\n"
      "With an authority of your own:   transom ca sign {0}\n"
      "When the certificate has come:   transom cert install --key {1} --certificate FILE\n",
      shell_word(request), shell_word(key.path));
}

}  // namespace

int run_cert_request(Arguments& arguments) {
  NewKeyOptions key_options;
  std::vector<std::string> words;
  std::optional<std::string> out;
  bool force = false;
  arguments.words("NAME", words);
  key_options.declare(arguments);
  arguments.text("--out", out, "PREFIX", "Write PREFIX.key and PREFIX.csr (default: the first name, here)");
  arguments.flag("--force", force, "Overwrite files that are there");
  if (const auto code = arguments.parse()) return *code;

  const auto names = value_or_give_up(pki::parse_names(words));
  check(key_options);
  const std::string prefix = out.value_or(file_stem(words.front()));
  const std::string request_file = prefix + ".csr";
  std::vector<std::string> paths = {request_file};
  if (!key_options.file) paths.push_back(prefix + ".key");
  check_outputs(paths, force);
  spare_inputs(paths, {key_options.file, key_options.passphrase.file});

  const ChosenKey key = choose_key(key_options, prefix + ".key");
  std::vector<node::NewFile> files;
  if (!key.new_content.empty()) files.push_back({key.path, key.new_content, kSecretMode});
  files.push_back({request_file, value_or_give_up(pki::make_request(names, key.key.get())), kPublicMode});
  write_outputs(files, force);
  fmt::print("\nfor: {}\nkey: {}\n", pki::alternative_names(names), pki::describe_key(key.key.get()));
  say_what_is_next(request_file, key);
  return 0;
}

}  // namespace transom::cli
