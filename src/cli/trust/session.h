// What `ca trust` and `ca untrust` have in common: which authority, which stores, and doing what the stores propose.
#pragma once
#include <optional>
#include <string>

#include "cli/arguments.h"
#include "cli/trust/store.h"

namespace transom::cli {

struct StoreOptions {
  std::optional<std::string> ca, store;
  bool dry_run = false;
  bool how = false;
  void declare(Arguments& arguments);
};

/// The authority that the options name: that of the default node where they name none.
TrustCertificate find_authority(const StoreOptions& options);
void print_authority(const TrustCertificate& ca);

struct StoreSearch {
  TrustStores found;
  std::string remarks;    // lines about what is not there
  bool all_there = true;  // of what was named
};
/// `command` is "trust" or "untrust".
StoreSearch find_stores(const StoreOptions& options, const TrustCertificate& ca, const std::string& command);

/// Puts the authority into a store, or takes it out; says what it does. False: it is not as it should be.
bool add_to(const TrustStore& store, const TrustCertificate& ca, bool dry_run);
bool remove_from(const TrustStore& store, const TrustCertificate& ca, bool dry_run);

}  // namespace transom::cli
