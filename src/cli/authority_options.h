// What the commands of an authority of one's own have in common.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "cli/arguments.h"
#include "node/authority/store.h"

namespace transom::cli {

inline constexpr std::int64_t kDayS = 86'400;
inline constexpr std::int64_t kCrlDays = 30, kRootCrlDays = 3650;

struct AuthorityPlace {
  std::optional<std::string> named;

  void declare(Arguments& arguments);
  std::string directory() const;
  /// The authority there; ends the command where there is none.
  node::AuthorityStore open() const;
  /// " --dir DIR" where another command must be told; empty for the default.
  std::string hint() const;
};

/// A new revocation list, DER, with a number above that of `before` (DER; empty: there was none).
std::string fresh_crl(const pki::SigningPair& issuer, const std::vector<pki::Revocation>& revocations,
                      const std::string& before, std::int64_t days);

/// Says so on standard error when the root's own list ends soon: it stands in `crls.pem`, so that servers which check
/// lists then refuse everybody.
void warn_of_root_list(const node::AuthorityStore& store, std::int64_t now);

/// Signs what the intermediate has revoked anew and puts it in place.
void refresh_crl(const node::AuthorityStore& store, std::int64_t days);

/// The first certificate of a PEM text.
tls::CertificateHandle certificate_in(const std::string& pem, const std::string& what);

/// "www.example.com, 10.0.0.7"
std::string names_of(X509* certificate);
/// "2027-01-15"
std::string day_of(std::int64_t seconds);

}  // namespace transom::cli
