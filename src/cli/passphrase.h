// The passphrase of a private key: from a file, from the environment, else asked for on the terminal. Never from the
// command line, which every process of the machine can read.
#pragma once
#include <optional>
#include <string>

#include "cli/arguments.h"
#include "tls/handles.h"
#include "tls/secret.h"

namespace transom::cli {

struct PassphraseOptions {
  std::optional<std::string> file, variable;
  /// `--passphrase-file FILE` and `--passphrase-env NAME`; `of` names the key in the help.
  void declare(Arguments& arguments, const char* of);
  /// The same under another name, where a command needs two: `--root-passphrase-file`.
  void declare_as(Arguments& arguments, const std::string& option, const char* of);
  bool given() const { return file || variable; }
  /// Where there is neither of the two, nor a terminal.
  std::string remedy() const;

 private:
  std::string option_ = "--passphrase";
};

/// The passphrase of a key that has one. `of` ends the question: "root key.pem". Ends the command where there is none
/// to be had.
tls::Secret old_passphrase(const PassphraseOptions& options, const std::string& of);

/// A passphrase for a new key: on the terminal asked for twice; an empty one is refused.
tls::Secret new_passphrase(const PassphraseOptions& options, const std::string& of);

/// The private key of a file; asks for a passphrase only where the key has one, which `was_encrypted` tells.
tls::KeyHandle open_key(const std::string& path, const PassphraseOptions& options, bool* was_encrypted = nullptr);

}  // namespace transom::cli
