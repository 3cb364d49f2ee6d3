// A server's TLS policy and material, built once and shared by every connection of an endpoint.
#pragma once
#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "tls/acme_challenges.h"
#include "tls/certificate_info.h"
#include "tls/client_auth.h"
#include "tls/handles.h"
#include "tls/staple.h"
#include "tls/ticket_keys.h"
#include "tls/tls_config.h"

namespace transom::tls {

/// What all contexts of a node share and what outlives a reload. Null members: OpenSSL's own ticket keys, no staples,
/// no ACME challenges.
struct ServerResources {
  std::shared_ptr<const TicketKeys> ticket_keys;  // used where `tickets` names no files
  std::shared_ptr<StapleStore> staples;
  std::shared_ptr<AcmeChallenges> acme_challenges = nullptr;
};

/// A certificate as it is served, for whoever staples, watches expiry or looks for host names.
struct ServedCertificate {
  CertificateConfig config;
  CertificateInfo info;
  CertificateHandle leaf;
  CertificateHandle issuer;               // the next of the chain; null: not known
  std::vector<std::string> chain;         // SHA-256 fingerprints of what is sent behind the leaf
  std::vector<std::string> server_names;  // lower case, for which it is sent
  std::string ocsp_url;                   // the first http:// one; empty: none
  bool must_staple = false;               // RFC 7633
  std::shared_ptr<StapleSlot> staple;     // null without a StapleStore
};

/// Immutable after `create`; any number of threads may make Streams from it. A reload builds a new one beside it
/// (old connections keep their reference through OpenSSL's own count).
///
/// Policy: what `config.profile` and the options beside it say (policy.h); no renegotiation, no compression, one
/// session ticket per handshake, RELEASE_BUFFERS, no 0-RTT; ALPN `http/1.1`. The server name that a client asks for
/// chooses among the certificates, and of several for one name the client gets one that it can verify. An ACME server
/// that looks at a challenge under way gets its certificate and no more (acme_handshake.h).
class ServerContext {
 public:
  /// Loads and checks everything: files readable, keys not readable by others, PEM well-formed, key matches
  /// certificate, chain in order (all certificates of the file and of `chain_files`, leaf first, de-duplicated, root
  /// dropped unless it is the leaf). `warnings` receives what does not stop a start: DH parameters below 2048 bits
  /// (ignored), unknown suites and groups (skipped), certificates that clients will refuse. No suite or group that is
  /// left is an error. Errors and warnings name the file and the remedy.
  static Result<std::shared_ptr<const ServerContext>> create(const ServerConfig& config,
                                                             const ServerResources& resources,
                                                             std::vector<std::string>& warnings);
  ~ServerContext();
  ServerContext(const ServerContext&) = delete;

  /// The context that handshakes begin with.
  SSL_CTX* native() const { return context_; }
  /// All certificates of the configuration, in its order.
  const std::vector<ServedCertificate>& certificates() const { return certificates_; }
  /// The revocation lists by which clients are judged.
  const std::vector<CrlDate>& crls() const { return crls_; }
  /// One line for the log: "TLS 1.2, 1.3; 6 suites TLS_AES_128_GCM_SHA256, ...; groups X25519, P-256, P-384;
  /// certificate localhost (ECDSA P-256, until 2027-01-01); stapling on".
  const std::string& offer() const { return offer_; }

 private:
  explicit ServerContext(SSL_CTX* context) : context_(context) {}
  SSL_CTX* context_;
  std::vector<ServedCertificate> certificates_;
  std::vector<CrlDate> crls_;
  std::string offer_;
};

/// What `openssl` library is linked, e.g. "OpenSSL 3.0.22 ...".
std::string library_version();

}  // namespace transom::tls
