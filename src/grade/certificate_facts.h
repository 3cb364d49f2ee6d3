// A server's certificates: what each says, and what is to be thought of the chain.
#pragma once
#include <openssl/ocsp.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "grade/server_flight.h"
#include "tls/certificate_info.h"
#include "tls/handles.h"

namespace transom::grade {

struct CertificateFacts {
  tls::CertificateInfo info;
  std::string key_type;  // "RSA", "EC", "ED25519", ...
  std::string curve;     // of an EC key
  int key_bits = 0;
  std::string signature;       // "ecdsa-with-SHA256"
  std::string signature_hash;  // "SHA256"; empty where the scheme names none
  bool self_signed = false;
  bool exponent_one = false;  // an RSA key that encrypts nothing
};

struct ChainFacts {
  std::vector<CertificateFacts> certificates;  // as they were sent, leaf first
  std::vector<std::string> problems;           // why it is not trusted, in OpenSSL's words; empty: it is
  bool expired = false, not_yet_valid = false;
  bool name_matches = false;
  bool incomplete = false;      // the way to the root needs certificates that were not sent
  bool unknown_issuer = false;  // no way to a root was found, and the issuer of the last one was not sent

  bool trusted() const { return problems.empty(); }
};

using StoreHandle = std::unique_ptr<X509_STORE, tls::FreeWith<X509_STORE_free>>;

/// The system's roots and those of `ca_file` (empty: none).
Result<StoreHandle> make_trust(const std::string& ca_file);

/// `chain`: DER, leaf first, not empty. `extra`: what is known though the server did not send it; unreadable ones count
/// nothing.
/// `host`: a name or an address. `now` in seconds since 1970.
Result<ChainFacts> judge_chain(const std::vector<Octets>& chain, const std::vector<Octets>& extra, X509_STORE* trust,
                               const std::string& host, std::int64_t now);

/// Where the issuer's certificate can be had (AIA caIssuers, http only); empty: nowhere.
std::string issuer_url(const Octets& der);

/// What a stapled OCSP response says.
struct StapleFacts {
  std::string status;  // "good", "revoked", "unknown" or why it says nothing
  std::int64_t this_update = 0, next_update = 0;
};
StapleFacts read_staple(ByteSpan response);

}  // namespace transom::grade
