#include "cli/passphrase.h"

#include <cstdlib>

#include "cli/cli_error.h"
#include "cli/input_file.h"
#include "cli/terminal.h"
#include "pki/keys.h"

namespace transom::cli {
namespace {

constexpr std::size_t kMaxPassphrase = 1024;  // what OpenSSL takes

tls::Secret checked(tls::Secret secret, const std::string& where) {
  if (secret.text().empty()) give_up("the passphrase {} is empty", where);
  if (secret.text().size() > kMaxPassphrase) {
    give_up("the passphrase {} has more than {} octets, which is the most there can be", where, kMaxPassphrase);
  }
  return secret;
}

/// The first line.
tls::Secret from_file(const std::string& path) {
  const tls::Secret whole = read_secret_input(path, "passphrase file");
  return checked(tls::Secret(whole.text().substr(0, whole.text().find_first_of("\r\n"))),
                 "in the first line of " + path);
}

tls::Secret from_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) give_up("the environment variable {} of the passphrase is not set", name);
  return checked(tls::Secret(value), "in the environment variable " + name);
}

/// Nothing, where it must be asked for.
std::optional<tls::Secret> given_passphrase(const PassphraseOptions& options) {
  if (options.file && options.variable) give_up("the passphrase is given twice, by a file and by a variable");
  if (options.file) return from_file(*options.file);
  if (options.variable) return from_variable(*options.variable);
  return std::nullopt;
}

}  // namespace

void PassphraseOptions::declare(Arguments& arguments, const char* of) { declare_as(arguments, "--passphrase", of); }

void PassphraseOptions::declare_as(Arguments& arguments, const std::string& option, const char* of) {
  option_ = option;
  arguments.text((option + "-file").c_str(), file, "FILE",
                 fmt::format("A file whose first line is the passphrase of {} (default: asked for)", of).c_str());
  arguments.text((option + "-env").c_str(), variable, "NAME",
                 fmt::format("An environment variable that holds the passphrase of {}", of).c_str());
}

std::string PassphraseOptions::remedy() const {
  return fmt::format("give it by {0}-file FILE or {0}-env NAME", option_);
}

tls::Secret old_passphrase(const PassphraseOptions& options, const std::string& of) {
  if (auto given = given_passphrase(options)) return std::move(*given);
  const Terminal terminal(
      fmt::format("the passphrase of {} is needed and there is no terminal to ask; {}", of, options.remedy()));
  return checked(terminal.ask(fmt::format("Passphrase of {}: ", of)), "of " + of);
}

tls::Secret new_passphrase(const PassphraseOptions& options, const std::string& of) {
  if (auto given = given_passphrase(options)) return std::move(*given);
  const Terminal terminal(
      fmt::format("a passphrase for {} is needed and there is no terminal to ask; {}", of, options.remedy()));
  auto first = checked(terminal.ask(fmt::format("New passphrase for {}: ", of)), "for " + of);
  const auto second = terminal.ask("The same again: ");
  if (first.text() != second.text()) give_up("the two passphrases differ; nothing was done");
  return first;
}

tls::KeyHandle open_key(const std::string& path, const PassphraseOptions& options, bool* was_encrypted) {
  const tls::Secret content = read_secret_input(path, "key");
  const bool encrypted = pki::is_encrypted_key(content.text());
  if (was_encrypted != nullptr) *was_encrypted = encrypted;
  if (!encrypted) return value_or_give_up(pki::read_key(content.text(), path, ""));
  const tls::Secret passphrase = old_passphrase(options, path);
  return value_or_give_up(pki::read_key(content.text(), path, passphrase.text()));
}

}  // namespace transom::cli
