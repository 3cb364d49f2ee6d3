#include "cli/authority_issue.h"
#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/config_lines.h"
#include "cli/new_key.h"
#include "pki/authority_constraints.h"
#include "pki/pkcs12.h"

namespace transom::cli {
namespace {

struct Options {
  std::vector<std::string> words;
  IssueOptions issue;
  NewKeyOptions key;
  PassphraseOptions bundle_passphrase;
  bool no_bundle = false;
};

std::optional<int> read_options(Arguments& arguments, Options& options) {
  arguments.words("NAME", options.words);
  options.issue.declare(arguments, "Write PREFIX.key, PREFIX.pem, PREFIX.p12 (default: the first name, here)");
  options.key.declare(arguments);
  options.bundle_passphrase.declare_as(arguments, "--p12-passphrase", "a client's .p12 file");
  arguments.flag("--no-p12", options.no_bundle, "Write no .p12 file for a client: no browser is to use it");
  return arguments.parse();
}

/// What is to be written, known before anything is made.
struct Places {
  std::string key, chain, bundle;  // no bundle: empty
};

Places places_of(const Options& options, const pki::LeafPlan& plan) {
  const std::string prefix = options.issue.out.value_or(file_stem(options.words.front()));
  const bool bundled = plan.use == pki::LeafPlan::Use::client && !options.no_bundle;
  return {prefix + ".key", prefix + ".pem", bundled ? prefix + ".p12" : ""};
}

void check_free(const Places& places, const Options& options) {
  std::vector<std::string> paths = {places.chain};
  if (!options.key.file) paths.push_back(places.key);
  if (!places.bundle.empty()) paths.push_back(places.bundle);
  check_outputs(paths, options.issue.force);
  spare_inputs(paths, {options.key.file, options.key.passphrase.file, options.bundle_passphrase.file});
}

std::string bundle_of(const ChosenKey& key, const Issued& issued, X509* intermediate, const tls::Secret& passphrase) {
  return value_or_give_up(pki::make_pkcs12(key.key.get(), issued.certificate.get(), intermediate,
                                           names_of(issued.certificate.get()), passphrase.text()));
}

void say_what_is_next(const Places& places, const pki::LeafPlan& plan, const ChosenKey& key, const Options& options) {
  if (plan.use == pki::LeafPlan::Use::server) {
    fmt::print("\nIn the configuration of an endpoint:\n{}",
               tls_lines(absolute_path(key.path), absolute_path(places.chain), key.encrypted, options.key.passphrase));
  } else if (!places.bundle.empty()) {
    fmt::print("\nImport {} into the browser, with its passphrase; then remove the file.\n", places.bundle);
  }
}

}  // namespace

int run_ca_issue(Arguments& arguments) {
  Options options;
  if (const auto code = read_options(arguments, options)) return *code;
  auto names = value_or_give_up(pki::parse_names(options.words));
  check(options.key);
  const auto store = options.issue.place.open();
  const auto plan = options.issue.plan(store, std::move(names));
  const auto intermediate = certificate_in(store.intermediate_pem(), "intermediate.crt");
  value_or_give_up(pki::check_permitted(intermediate.get(), plan.names));
  const Places places = places_of(options, plan);
  check_free(places, options);

  const tls::Secret bundle_passphrase =
      places.bundle.empty() ? tls::Secret("") : new_passphrase(options.bundle_passphrase, places.bundle);
  const ChosenKey key = choose_key(options.key, places.key);
  const Issued issued = issue(store, plan, key.key.get());
  std::vector<node::NewFile> files;
  if (!key.new_content.empty()) files.push_back({places.key, key.new_content, kSecretMode});
  files.push_back({places.chain, issued.chain_pem, kPublicMode});
  if (!places.bundle.empty()) {
    files.push_back({places.bundle, bundle_of(key, issued, intermediate.get(), bundle_passphrase), kSecretMode});
  }
  deliver(store, issued, files, options.issue.force);
  report(issued, plan);
  say_what_is_next(places, plan, key, options);
  return 0;
}

}  // namespace transom::cli
