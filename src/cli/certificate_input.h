// The certificates of files that a user names, in whatever form they are.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "cli/passphrase.h"
#include "tls/pem_file.h"

namespace transom::cli {

/// All certificates of all files, in their order: PEM, DER, PKCS #7 or PKCS #12, whose passphrase is asked for. What
/// else is in them does not count; a file without any ends the command.
std::vector<tls::LoadedCertificate> read_certificates(std::span<const std::string> paths,
                                                      const PassphraseOptions& passphrase);

}  // namespace transom::cli
