// What files of certificates, keys and their kin hold, in whatever form they came.
#pragma once
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "pki/requests.h"
#include "tls/crl_file.h"
#include "tls/handles.h"

namespace transom::pki {

/// A private key; a null `key` is one that its passphrase keeps closed.
struct FoundKey {
  tls::KeyHandle key;
  bool encrypted = false;
};
/// Diffie-Hellman parameters.
struct FoundParameters {
  tls::KeyHandle parameters;
};
/// The signature of a request was not verified.
using FoundObject = std::variant<FoundKey, RequestHandle, tls::CertificateHandle, tls::CrlHandle, FoundParameters>;

/// Every object in `content`, in its order; at least one, at most 256. `content` is PEM with any number of blocks and
/// text around them, or one object in DER; a PKCS #7 or PKCS #12 file counts as what it holds. `file` names it in
/// messages. Keys are opened by `passphrase`: where it is empty they stay closed, where it is wrong that is the error.
Result<std::vector<FoundObject>> read_objects(const std::string& content, const std::string& file,
                                              const std::string& passphrase);

/// Whether a passphrase would show more of `content`.
bool needs_passphrase(const std::string& content);

}  // namespace transom::pki
