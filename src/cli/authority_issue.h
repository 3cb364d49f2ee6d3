// Issuing by an authority of one's own, for a new key or for somebody's request.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/authority_options.h"
#include "cli/output.h"

namespace transom::cli {

struct IssueOptions {
  AuthorityPlace place;
  bool server = false, client = false, force = false;
  std::optional<std::int64_t> days;
  std::optional<std::string> out;

  /// `files` says in the help what --out names.
  void declare(Arguments& arguments, const char* files);
  /// Ends the command where the options contradict each other.
  pki::LeafPlan plan(const node::AuthorityStore& store, pki::Names names) const;
};

/// A certificate that is signed and recorded but has not left yet.
struct Issued {
  tls::CertificateHandle certificate;
  std::string chain_pem;  // it, then the intermediate
};
Issued issue(const node::AuthorityStore& store, const pki::LeafPlan& plan, EVP_PKEY* key);

/// Writes `files`; where that fails, the command ends, and the record is taken back unless the chain is in place.
void deliver(const node::AuthorityStore& store, const Issued& issued, const std::vector<node::NewFile>& files,
             bool force);

void report(const Issued& issued, const pki::LeafPlan& plan);

}  // namespace transom::cli
