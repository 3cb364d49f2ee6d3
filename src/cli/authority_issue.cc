#include "cli/authority_issue.h"

#include <algorithm>
#include <ctime>

#include "cli/cli_error.h"
#include "tls/certificate_builder.h"
#include "tls/certificate_info.h"

namespace transom::cli {
namespace {

constexpr std::int64_t kDefaultDays = 90;
constexpr std::int64_t kMaxServerDays = 825;  // Apple's programs refuse what lives longer, whoever has signed it
constexpr std::int64_t kMaxDays = 3650;
constexpr std::int64_t kHourS = 3600;  // a certificate begins that long ago and ends that much earlier

/// What could not be taken back may be used, and must stay on record.
bool is_in_place(const std::vector<node::NewFile>& files, const Issued& issued) {
  return std::any_of(files.begin(), files.end(), [&issued](const node::NewFile& file) {
    if (file.content != issued.chain_pem) return false;
    const auto there = node::read_if_present(file.name);
    return !there || *there == issued.chain_pem;
  });
}

}  // namespace

void IssueOptions::declare(Arguments& arguments, const char* files) {
  arguments.flag("--server", server, "For a server (default)");
  arguments.flag("--client", client, "For a person or program that shows it to servers");
  arguments.number("--days", days, 1, kMaxDays, "DAYS", "How long it is valid, at most 825 for a server (default: 90)");
  place.declare(arguments);
  arguments.text("--out", out, "PREFIX", files);
  arguments.flag("--force", force, "Overwrite files that are there");
}

pki::LeafPlan IssueOptions::plan(const node::AuthorityStore& store, pki::Names names) const {
  if (server && client) give_up("--server and --client exclude each other: make two certificates");
  const std::int64_t wanted = days.value_or(kDefaultDays);
  if (!client && wanted > kMaxServerDays) {
    give_up("a server's certificate for {} days is not made: Apple's programs refuse more than {}; renew it in time",
            wanted, kMaxServerDays);
  }
  if (!client && names.dns.empty() && names.ip_addresses.empty()) {
    give_up("\"{}\" is a mail address, and a server has a host name or an address; for a person say --client",
            names.emails.front());
  }
  pki::LeafPlan plan;
  plan.use = client ? pki::LeafPlan::Use::client : pki::LeafPlan::Use::server;
  plan.names = std::move(names);
  plan.lifetime_s = wanted * kDayS;
  plan.ocsp_url = store.settings().ocsp_url;
  plan.crl_url = store.settings().crl_url;
  return plan;
}

Issued issue(const node::AuthorityStore& store, const pki::LeafPlan& plan, EVP_PKEY* key) {
  const std::int64_t now = std::time(nullptr);
  const auto root = certificate_in(store.root_pem(), "root.crt");
  const auto held = value_or_give_up(store.lock());
  const auto issuer = value_or_give_up(store.intermediate());
  Issued issued{value_or_give_up(pki::issue_leaf(issuer, plan, key, now)), ""};
  value_or_give_up(pki::check_chain(issued.certificate.get(), issuer.certificate.get(), root.get(), plan.use, now));
  issued.chain_pem = value_or_give_up(tls::certificate_pem(issued.certificate.get())) + store.intermediate_pem();
  value_or_give_up(store.record(issued.certificate.get()));
  return issued;
}

void deliver(const node::AuthorityStore& store, const Issued& issued, const std::vector<node::NewFile>& files,
             bool force) {
  try {
    write_outputs(files, force);
  } catch (const CliError&) {
    if (!is_in_place(files, issued)) store.forget(issued.certificate.get());
    throw;
  }
}

void report(const Issued& issued, const pki::LeafPlan& plan) {
  const auto info = value_or_give_up(tls::certificate_info(issued.certificate.get()));
  const bool cut = info.not_after + 2 * kHourS < std::time(nullptr) + plan.lifetime_s;
  fmt::print("\nfor:      {}, as a {}\nvalid to: {}{}\nserial:   {}\nSHA-256:  {}\n",
             names_of(issued.certificate.get()), plan.use == pki::LeafPlan::Use::client ? "client" : "server",
             day_of(info.not_after), cut ? ", the end of the authority" : "",
             pki::serial_text(issued.certificate.get()), info.sha256_fingerprint);
}

}  // namespace transom::cli
