// The certificate authority that shall be trusted, or not any more: what it is, and whether it deserves it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "tls/handles.h"

namespace transom::cli {

struct TrustCertificate {
  tls::CertificateHandle certificate;
  std::string file;                  // absolute; of one that is known by its fingerprint alone: empty
  std::string pem;                   // the certificate alone, as it was judged: this is what stores are given
  std::string name;                  // its common name, printable, for people
  std::string sha256, sha1;          // "AB:CD:..."; Windows shows SHA-1
  std::string vouches_for;           // "localhost, 127.0.0.0/8", as far as its name constraints say
  bool any_host = false;             // nothing limits for which host names or addresses it can vouch
  std::string nickname() const;      // in the stores of browsers: "NAME (SHA-256 0123456789ABCDEF)"
  std::string nickname_end() const;  // " (SHA-256 0123456789ABCDEF)"
  std::string file_name() const;     // in the store of the system: "transom-0123456789abcdef.crt"
};

/// The one certificate of a PEM file. That it holds any other block, a private key above all, is an error.
Result<TrustCertificate> read_trust_certificate(const std::string& file);

/// What is known of an authority of which only the SHA-256 fingerprint is left, with or without colons: it has no
/// file and no name.
Result<TrustCertificate> authority_of(const std::string& fingerprint);

/// Why nobody should trust it: it is no root, its dates, its key. `now` is in seconds since 1970.
Status check_trustworthy(const TrustCertificate& ca, std::int64_t now);

/// The SHA-256 fingerprints of all certificates in `pem`, at most 10,000; what is none is passed over.
std::vector<std::string> fingerprints_in(const std::string& pem);

}  // namespace transom::cli
