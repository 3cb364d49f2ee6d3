// An authority of one's own: a root that signs one intermediate, and the intermediate, which signs everything else.
#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"
#include "pki/keys.h"
#include "pki/names.h"
#include "tls/handles.h"

namespace transom::pki {

/// A certificate and the key that belongs to it: what signs.
struct SigningPair {
  tls::CertificateHandle certificate;
  tls::KeyHandle key;
};

struct AuthorityPlan {
  std::string name;         // of the owner, for people; 1 to 40 octets
  std::string constraints;  // of `constraints_for`; empty: it can vouch for anything
  KeyKind root_key{KeyKind::Algorithm::ec_p384, 0};
  KeyKind intermediate_key{};
};
struct NewAuthority {
  SigningPair root, intermediate;
};
/// Both are valid for ten years from `now`, in seconds since 1970.
Result<NewAuthority> make_authority(const AuthorityPlan& plan, std::int64_t now);

/// The pair in two PEM texts. `what` is "the intermediate" or "the root"; an error when the two do not fit together.
Result<SigningPair> read_signing_pair(const std::string& certificate_pem, const std::string& key_pem,
                                      const std::string& what, const std::string& passphrase);

struct LeafPlan {
  enum class Use { server, client } use = Use::server;
  Names names;
  std::int64_t lifetime_s = 0;
  std::string ocsp_url, crl_url;  // of `check_publication_url`; empty: none is named
};
/// A certificate for `key`, of which only the public half is needed. It never outlives its issuer. Refused are names
/// that the constraints do not permit, an issuer that has expired, and keys that browsers do not take.
Result<tls::CertificateHandle> issue_leaf(const SigningPair& issuer, const LeafPlan& plan, EVP_PKEY* key,
                                          std::int64_t now);

/// Whether strict verifiers take `leaf` under `root`, for its use, at `now`.
Status check_chain(X509* leaf, X509* intermediate, X509* root, LeafPlan::Use use, std::int64_t now);

/// What may stand in a certificate as the place of a responder or of a revocation list: a plain http:// address (both
/// are signed, and https would need the answer first).
Status check_publication_url(const std::string& url);

/// "4F0C...", 32 hexadecimal digits in upper case; those of others may be shorter or longer.
std::string serial_text(const ASN1_INTEGER* serial);
std::string serial_text(X509* certificate);

}  // namespace transom::pki
