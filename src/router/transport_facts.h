// What a session's transport tells of itself: for WELCOME, status and authentication by certificate.
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace transom::router {

/// A client's certificate, which the transport has verified.
struct ClientCertificate {
  std::string subject, issuer;                 // RFC 2253
  std::string common_name;                     // empty: none
  std::string serial;                          // hexadecimal
  std::int64_t not_before = 0, not_after = 0;  // seconds since 1970
  std::string sha1, sha256;                    // fingerprints, "AB:CD:..."
  std::vector<std::string> dns_names, ip_addresses, emails, uris;
};

struct TlsFacts {
  std::string version, suite;
  std::string group;        // empty: no key was exchanged
  std::string server_name;  // empty: the client named none
  bool resumed = false;
  std::string unique, exporter;  // channel ids, raw octets; empty: there is none
};

struct TransportFacts {
  std::string peer = "unknown";     // "tcp4:127.0.0.1:4711"
  std::string framing, serializer;  // "websocket", "json"
  std::optional<TlsFacts> tls;      // absent: in the clear
  std::optional<ClientCertificate> certificate;
};

/// As a dictionary with the names that Crossbar's users know (`channel_type`, `peer_cert`, `channel_id`, ...). The
/// channel ids are left out where there are none.
nlohmann::json describe(const TransportFacts& facts);

}  // namespace transom::router
