// PEM files: keys, certificate chains and DH parameters as a user names them in a configuration.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/read_file.h"
#include "base/result.h"
#include "tls/handles.h"

namespace transom::tls {

/// A certificate and where it stands, for messages.
struct LoadedCertificate {
  CertificateHandle certificate;
  std::string file;
};

inline constexpr std::size_t max_pem_octets = 1 << 20;

/// The octets of `path`, which the user knows as the `what` ("certificate", "key").
Result<std::string> read_pem_file(const std::string& path, std::string_view what,
                                  std::size_t max_octets = max_pem_octets, FileKinds kinds = FileKinds::regular);

/// Whether a block begins in `pem` that does not end, be it only with a part of its first line: a file that is being
/// written, or was cut off. OpenSSL takes such a line for the end of the file.
bool ends_within_block(std::string_view pem);
/// The error for it.
tl::unexpected<Error> torn(const std::string& file);

/// All certificates in `pem`, in their order; at least one and at most 64. `file` is for messages.
Result<std::vector<LoadedCertificate>> parse_certificates(const std::string& pem, const std::string& file);

/// The private key in `pem`. An encrypted one needs `passphrase`: the node never asks for it.
Result<KeyHandle> parse_private_key(const std::string& pem, const std::string& file,
                                    const std::string* passphrase = nullptr);

/// The DH parameters in `pem`.
Result<KeyHandle> parse_dh_parameters(const std::string& pem, const std::string& file);

/// A path as a word for a shell command inside a message.
std::string shell_word(std::string_view path);

}  // namespace transom::tls
