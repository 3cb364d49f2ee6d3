// What a command writes for its user: files, all or none, and the standard output.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "node/files/file_set.h"

namespace transom::cli {

constexpr mode_t kSecretMode = 0600;  // keys
constexpr mode_t kPublicMode = 0644;  // certificates, requests, lists

/// Ends the command unless all of `paths` can be written; to be asked before anything costly is made or a passphrase
/// asked for.
void check_outputs(const std::vector<std::string>& paths, bool force);

/// Ends the command where one of `outputs` is the same file as one of `inputs`, by whatever name: --force is meant for
/// what an earlier run has written, never for the key that is used.
void spare_inputs(const std::vector<std::string>& outputs, const std::vector<std::optional<std::string>>& inputs);

/// Writes all files or, ending the command, none; then says so, a line for each.
void write_outputs(const std::vector<node::NewFile>& files, bool force);

/// Prints what another program is to read; ends the command where it does not arrive, on a full disk for example.
void print_output(const std::string& text);

}  // namespace transom::cli
