#include <algorithm>
#include <ctime>

#include "cli/authority_options.h"
#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/passphrase.h"
#include "cli/places.h"
#include "pki/authority_constraints.h"
#include "tls/certificate_builder.h"
#include "tls/certificate_info.h"

namespace transom::cli {
namespace {

struct InitOptions {
  AuthorityPlace place;
  std::optional<std::string> name, ocsp_url, crl_url;
  std::vector<std::string> permit;
  std::optional<std::int64_t> rsa_bits;
  bool unconstrained = false, no_passphrase = false;
  PassphraseOptions passphrase;
};

std::optional<int> read_options(Arguments& arguments, InitOptions& options) {
  arguments.list("--permit", options.permit, "NAME...",
                 "What it may vouch for: domains, addresses, networks, mail domains (@example.com)");
  arguments.flag("--unconstrained", options.unconstrained, "Let it vouch for any name on the Internet");
  arguments.text("--name", options.name, "NAME", "How browsers list it (default: Transom CA)");
  options.place.declare(arguments);
  arguments.number("--rsa", options.rsa_bits, 2048, 8192, "BITS",
                   "RSA keys, for old clients (default: ECDSA, P-384 and P-256)");
  arguments.text("--ocsp-url", options.ocsp_url, "URL", "Named in each certificate: where its state can be asked");
  arguments.text("--crl-url", options.crl_url, "URL", "Named in each certificate: where the revocation list is");
  options.passphrase.declare(arguments, "the root's key");
  arguments.flag("--no-passphrase", options.no_passphrase, "Leave the root's key unprotected");
  return arguments.parse();
}

std::string constraints_of(const InitOptions& options) {
  if (!options.permit.empty() && options.unconstrained) {
    give_up("--permit sets limits and --unconstrained declines them; give one of the two");
  }
  if (!options.permit.empty()) return value_or_give_up(pki::constraints_for(options.permit));
  if (options.unconstrained) return "";
  give_up(
      "say what the authority may vouch for, for example: transom ca init --permit example.com 10.0.0.0/8\n"
      "Whoever trusts its root trusts it with every such name and no other, so that a stolen key is of no use for the "
      "bank's site. If it must be able to vouch for any name at all: --unconstrained");
}

void check_urls(const InitOptions& options) {
  for (const auto& url : {options.ocsp_url, options.crl_url}) {
    if (url) value_or_give_up(pki::check_publication_url(*url));
  }
}

tls::Secret passphrase_for_root(const InitOptions& options) {
  if (!options.no_passphrase) return new_passphrase(options.passphrase, "the root's key");
  if (options.passphrase.given()) give_up("a passphrase is given and --no-passphrase declines it; give one of the two");
  return tls::Secret("");
}

pki::AuthorityPlan plan_of(const InitOptions& options, std::string constraints) {
  pki::AuthorityPlan plan;
  plan.name = options.name.value_or("Transom CA");
  plan.constraints = std::move(constraints);
  if (options.rsa_bits) {
    plan.root_key = plan.intermediate_key = {pki::KeyKind::Algorithm::rsa, static_cast<int>(*options.rsa_bits)};
  }
  return plan;
}

node::NewAuthorityFiles files_of(const pki::NewAuthority& made, const std::string& passphrase,
                                 const InitOptions& options) {
  return {value_or_give_up(tls::certificate_pem(made.root.certificate.get())),
          value_or_give_up(pki::key_pem(made.root.key.get(), passphrase)),
          value_or_give_up(tls::certificate_pem(made.intermediate.certificate.get())),
          value_or_give_up(pki::key_pem(made.intermediate.key.get(), "")),
          {options.ocsp_url.value_or(""), options.crl_url.value_or("")},
          fresh_crl(made.root, {}, "", kRootCrlDays),
          fresh_crl(made.intermediate, {}, "", kCrlDays)};
}

void report(const pki::NewAuthority& made, const InitOptions& options) {
  X509* root = made.root.certificate.get();
  const auto info = value_or_give_up(tls::certificate_info(root));
  const std::string limits = pki::describe_constraints(root);
  const std::string directory = options.place.directory();
  fmt::print("Made the authority in {}\n\nroot:     {}, {}, until {}\nlimits:   {}\nSHA-256:  {}\n\n", directory,
             info.subject, info.key, day_of(info.not_after), limits.empty() ? "none, any name on the Internet" : limits,
             info.sha256_fingerprint);
  const std::string key = shell_word(directory + "/root.key");
  if (options.no_passphrase) {
    fmt::print("The root's key has no passphrase: move {} to a place that is not on the network.\n", key);
  } else {
    fmt::print("Keep {} and its passphrase away from this machine; daily work needs neither.\n", key);
  }
  fmt::print(
      "Next: transom ca issue NAME{0}\nBrowsers here: transom ca trust --ca {1}; elsewhere: transom ca export{0}\n",
      options.place.hint(), shell_word(directory + "/root.crt"));
}

}  // namespace

int run_ca_init(Arguments& arguments) {
  InitOptions options;
  if (const auto code = read_options(arguments, options)) return *code;
  std::string constraints = constraints_of(options);
  check_urls(options);
  value_or_give_up(node::AuthorityStore::check_free(options.place.directory()));
  const tls::Secret passphrase = passphrase_for_root(options);
  const auto made = value_or_give_up(pki::make_authority(plan_of(options, std::move(constraints)), std::time(nullptr)));
  value_or_give_up(node::AuthorityStore::create(options.place.directory(), files_of(made, passphrase.text(), options)));
  report(made, options);
  return 0;
}

}  // namespace transom::cli
