// The key of a new certificate or request: a new one, or one that is there.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "cli/passphrase.h"

namespace transom::cli {

struct NewKeyOptions {
  std::optional<std::int64_t> rsa_bits;
  std::optional<std::string> file;
  bool encrypt = false;
  PassphraseOptions passphrase;

  void declare(Arguments& arguments);
};

struct ChosenKey {
  tls::KeyHandle key;
  std::string path;         // where it stands or is to be written
  std::string new_content;  // PEM to be written there; empty: the key was there
  bool encrypted = false;
};

/// Ends the command where the options contradict each other.
void check(const NewKeyOptions& options);

/// Makes the key for `path`, asking for its passphrase, or opens the one that was named; one that browsers refuse ends
/// the command.
ChosenKey choose_key(const NewKeyOptions& options, const std::string& path);

/// What file names begin with that belong to a certificate for `name`: "_.example.com".
std::string file_stem(const std::string& name);

}  // namespace transom::cli
