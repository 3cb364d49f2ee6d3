// A place where programs of this machine look up which authorities to trust.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "cli/trust/certificate.h"
#include "cli/trust/program.h"

namespace transom::cli {

/// A command that changes a store.
struct TrustStep {
  CommandLine command;
  bool reads_certificate = false;  // its input is the certificate; nobody can exchange that for another one
};

/// A store looks and proposes; it changes nothing itself, so that a dry run shows just what a real one does.
class TrustStore {
 public:
  virtual ~TrustStore() = default;

  virtual std::string title() const = 0;
  /// Why it cannot be said whether `ca` is in it; empty: it can.
  virtual std::string blindness(const TrustCertificate&) const { return ""; }
  /// Whether programs that read this store take what `ca` signed.
  virtual bool trusts(const TrustCertificate& ca) const = 0;
  /// Why this user cannot change the store, and what to do; empty: he can.
  virtual std::string obstacle() const = 0;
  virtual std::vector<TrustStep> steps_to_add(const TrustCertificate& ca) const = 0;
  /// None: `ca` is not in it.
  virtual std::vector<TrustStep> steps_to_remove(const TrustCertificate& ca) const = 0;
  /// What its programs need to notice a change; may be empty.
  virtual std::string afterwards() const { return ""; }
};

using TrustStores = std::vector<std::unique_ptr<TrustStore>>;

}  // namespace transom::cli
