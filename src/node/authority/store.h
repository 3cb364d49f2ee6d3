// The directory of an authority of one's own (`transom ca`). Whatever happens at whatever moment, each file in it is
// whole, and a certificate that has left is recorded:
//
//   root.crt  root.key                   the root; its key is encrypted, unless that was declined
//   intermediate.crt  intermediate.key   what signs every day
//   settings.json                        {"version": 1, "ocsp_url": "", "crl_url": ""}
//   certificates/SERIAL.crt              each certificate, since before it left
//   revocations/SERIAL.json              {"time": 1800000000, "reason": "keyCompromise"}
//   intermediate.crl  root.crl           DER, as clients fetch them
//   crls.pem                             both in PEM, as web servers and openssl read them
//   lock
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "node/files/durable_file.h"
#include "pki/authority.h"
#include "pki/authority_crl.h"
#include "pki/authority_ocsp.h"
#include "serve/unique_fd.h"

namespace transom::node {

struct AuthoritySettings {
  std::string ocsp_url, crl_url;  // named in the certificates; empty: none
};

struct NewAuthorityFiles {
  std::string root_certificate, root_key, intermediate_certificate, intermediate_key;  // PEM
  AuthoritySettings settings;
  std::string root_crl, intermediate_crl;  // DER
};

class AuthorityStore {
 public:
  /// Whether `create` could begin, to be asked before anything costly or secret is made.
  static Status check_free(const std::string& directory);
  /// Puts the whole directory in place at once; what stands there already is left alone, and that is an error.
  static Status create(const std::string& directory, const NewAuthorityFiles& files);
  /// Refuses a directory that holds no authority, or that others may write to.
  static Result<AuthorityStore> open(const std::string& directory);

  /// One writer at a time: held by whoever issues, revokes or writes lists, given back when destroyed (and by the
  /// kernel when the process ends). Waits up to `patience` for another.
  Result<serve::UniqueFd> lock(std::chrono::milliseconds patience = std::chrono::seconds(30)) const;

  const std::string& directory() const { return directory_; }
  const AuthoritySettings& settings() const { return settings_; }
  const std::string& root_pem() const { return root_pem_; }
  const std::string& intermediate_pem() const { return intermediate_pem_; }
  Result<pki::SigningPair> intermediate() const;
  Result<pki::SigningPair> root(const std::string& passphrase) const;
  /// Whether the root's key cannot be read without a passphrase.
  Result<bool> root_is_encrypted() const;

  /// Writes down what is about to leave, or takes that back because it did not.
  Status record(X509* certificate) const;
  void forget(X509* certificate) const;
  Status revoke(const pki::Revocation& revocation) const;

  Result<pki::CertificateState> state(const std::string& serial) const;
  /// The recorded certificate, PEM; an error when there is none.
  Result<std::string> certificate(const std::string& serial) const;
  /// The serial numbers of all certificates, sorted.
  Result<std::vector<std::string>> serials() const;
  Result<std::vector<pki::Revocation>> revocations() const;

  static constexpr std::size_t kMaxList = 16 << 20;  // octets
  Result<std::string> crl(bool of_root) const;
  /// Puts a new list in place, DER; `crls.pem` is made anew.
  Status replace_crl(bool of_root, const std::string& der) const;

 private:
  explicit AuthorityStore(std::string directory) : directory_(std::move(directory)) {}
  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  Result<std::string> content(const std::string& name, std::size_t max_octets = kMaxSmallFile) const;
  Result<std::string> root_key() const;
  Result<std::optional<pki::Revocation>> revocation(const std::string& serial) const;
  Result<std::vector<std::string>> names_in(const std::string& folder, const std::string& suffix) const;

  std::string directory_, root_pem_, intermediate_pem_;
  AuthoritySettings settings_;
};

}  // namespace transom::node
