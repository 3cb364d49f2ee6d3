// What a TLS connection came to: for logs, statistics, session details and authentication.
#pragma once
#include <openssl/ssl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace transom::tls {

/// A client's certificate that was verified against the endpoint's `ca_certificates`.
struct PeerCertificate {
  std::string subject, issuer;                 // RFC 2253, ASCII
  std::string common_name;                     // of the subject; empty: none
  std::string serial;                          // upper-case hexadecimal digits
  std::int64_t not_before = 0, not_after = 0;  // seconds since 1970
  std::string sha1, sha256;                    // fingerprints, "AB:CD:..."
  std::vector<std::string> dns_names, ip_addresses, emails, uris;
};

struct ConnectionFacts {
  std::string version;      // "TLSv1.3"
  std::string suite;        // the standard's name, "TLS_AES_128_GCM_SHA256"
  std::string group;        // "X25519"; empty where no key was exchanged (RSA, or a resumption without)
  std::string server_name;  // SNI; empty: none
  bool resumed = false;
  std::optional<PeerCertificate> peer;
};

/// Of a connection whose handshake is over.
ConnectionFacts connection_facts(SSL* ssl);

/// One line for a log: "TLSv1.3 TLS_AES_128_GCM_SHA256 X25519 full sni=localhost", or "... resumed", and the subject of
/// the client's certificate in quotes.
std::string summary(const ConnectionFacts& facts);

/// Channel binding as 32 octets, empty if it cannot be had. "tls-exporter": RFC 9266. "tls-unique": Crossbar's form,
/// the SHA-256 of the client's Finished message, on the server's side as on the client's.
std::string channel_id(SSL* ssl, std::string_view type);

}  // namespace transom::tls
