// What a listening endpoint's `tls` dictionary says, after the config is read; paths are absolute.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace transom::tls {

/// Where the passphrase of an encrypted key comes from; the node never asks a person.
struct PassphraseSource {
  enum class From { none, file, credential, environment } from = From::none;
  std::string name;  // a path; the name of a systemd credential; the name of a variable
};

/// One certificate with its key. `certificate_file` may hold the whole chain, leaf first.
struct CertificateConfig {
  std::string key_file;
  std::string certificate_file;
  std::vector<std::string> chain_files;     // `chain_certificates`
  std::vector<std::string> server_names{};  // for which it is sent, "*.example.com" too; empty: the names it holds
  std::string staple_file{};                // an OCSP response, DER or PEM, instead of a fetched one; empty: none
  PassphraseSource passphrase{};
};

/// A named set of versions, suites and groups.
enum class Profile {
  modern,    // TLS 1.2 and 1.3, Mozilla's intermediate suites
  strict,    // as modern, but 256-bit suites only: a full score of 100
  seed2014,  // the six suites of Crossbar's note of 2014, CBC and DHE (with parameters) among them; and TLS 1.3
};

enum class ClientAuth { none, optional, required };

/// Certificates of clients.
struct ClientAuthConfig {
  ClientAuth mode = ClientAuth::none;
  std::vector<std::string> ca_files;   // `ca_certificates`: who may have signed them
  std::vector<std::string> crl_files;  // revocation lists of those, PEM or DER
  int depth = 9;                       // intermediates allowed between a client's certificate and the root
};

/// Session tickets (RFC 5077, RFC 8446 4.6.1).
struct TicketConfig {
  bool enabled = true;
  std::int64_t rotate_s = 43'200;
  /// 48 or 80 random octets each; the first encrypts, all decrypt. Empty: random keys of our own, rotated.
  std::vector<std::string> key_files;
};

/// Certificates by ACME (RFC 8555): `tls.acme`.
struct AcmeConfig {
  enum class Challenge { automatic, http_01, tls_alpn_01 };
  std::vector<std::string> domains;   // lower case; all of them in one certificate
  std::vector<std::string> contacts;  // mail addresses
  std::string directory_url = "https://acme-v02.api.letsencrypt.org/directory";
  std::string ca_file;  // who vouches for the ACME server; empty: the system's authorities
  Challenge challenge = Challenge::automatic;
  /// Where the account and the certificate are kept (0700): the node directory's `acme`.
  std::string state_directory;
};

/// What becomes of a key file that others can read, or that belongs neither to root nor to the node's user.
enum class KeyPermissions { refuse, warn };

/// How key files are judged.
struct KeyRules {
  KeyRules(KeyPermissions permissions_, std::optional<std::uint32_t> owner_ = std::nullopt)
      : permissions(permissions_), owner(owner_) {}
  KeyPermissions permissions;
  std::optional<std::uint32_t> owner;  // the id of a user who may own them, besides root and the present one
};

struct ServerConfig {
  std::vector<CertificateConfig> certificates;  // at least one; the first is the default for unknown server names
  std::string dhparam_file;                     // empty: no DHE suite is offered, unless `dhparam_auto`
  bool dhparam_auto = false;                    // `dhparam: auto`: named groups of RFC 7919
  std::string ciphers;                          // TLS 1.2 list in OpenSSL syntax; empty: what the profile says
  std::vector<std::string> groups;              // in order of preference; empty: what the profile says
  Profile profile = Profile::modern;
  bool tls13_only = false;  // `min_version: "1.3"`
  bool stapling = true;     // OCSP responses are fetched and stapled where a certificate names a responder
  ClientAuthConfig client_auth;
  TicketConfig tickets;
  std::optional<AcmeConfig> acme;  // its certificate is one of `certificates`
  KeyPermissions key_permissions = KeyPermissions::refuse;
  std::optional<std::uint32_t> key_owner;  // the user that the node will change to, who may own its keys
  KeyRules key_rules() const { return {key_permissions, key_owner}; }
};

/// Every file from which a context of this configuration is made.
std::vector<std::string> files_of(const ServerConfig& config);

}  // namespace transom::tls
