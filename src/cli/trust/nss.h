// Databases of NSS, the library of Firefox, which Chromium uses as well on Linux. They are changed by its `certutil`.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/trust/store.h"

namespace transom::cli {

/// A line of the list that `certutil -L` prints.
struct NssEntry {
  std::string nickname;
  bool for_servers = false;  // trusted to vouch for servers
};
std::vector<NssEntry> parse_nss_list(const std::string& output);

class NssStore : public TrustStore {
 public:
  /// `directory` is that of the database, which need not be there yet.
  NssStore(std::string program, std::string directory);

  std::string title() const override;
  std::string blindness(const TrustCertificate& ca) const override;
  bool trusts(const TrustCertificate& ca) const override;
  std::string obstacle() const override;
  std::vector<TrustStep> steps_to_add(const TrustCertificate& ca) const override;
  std::vector<TrustStep> steps_to_remove(const TrustCertificate& ca) const override;
  std::string afterwards() const override;

 private:
  bool exists() const;
  CommandLine certutil(const CommandLine& arguments) const;
  struct Standing {
    std::vector<NssEntry> entries;
    bool unclear = false;  // one of the entries is meant, and which one cannot be told
  };
  /// Where `ca` stands in the database, under whatever name it was put there.
  Standing find(const TrustCertificate& ca) const;

  std::string program_, directory_;
};

/// Whether $PATH has NSS's `certutil`.
bool has_certutil();

}  // namespace transom::cli
