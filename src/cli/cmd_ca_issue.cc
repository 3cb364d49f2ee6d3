#include "cli/authority_issue.h"
#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/config_lines.h"
#include "cli/new_key.h"
#include "cli/passphrase.h"
#include "cli/places.h"
#include "pki/authority_constraints.h"
#include "pki/pkcs12.h"

namespace transom::cli {
namespace {

struct Options {
  std::vector<std::string> words;
  IssueOptions issue;
  std::optional<std::int64_t> rsa_bits;
  std::optional<std::string> key_file;
  PassphraseOptions key_passphrase, bundle_passphrase;
  bool no_bundle = false;
};

std::optional<int> read_options(Arguments& arguments, Options& options) {
  arguments.words("NAME", options.words);
  options.issue.declare(arguments, "Write PREFIX.key, PREFIX.pem, PREFIX.p12 (default: the first name, here)");
  arguments.number("--rsa", options.rsa_bits, 2048, 8192, "BITS", "Make an RSA key (default: ECDSA on P-256)");
  arguments.text("--key", options.key_file, "FILE", "Use this private key instead of a new one");
  options.key_passphrase.declare(arguments, "the key given by --key");
  options.bundle_passphrase.declare_as(arguments, "--p12-passphrase", "a client's .p12 file");
  arguments.flag("--no-p12", options.no_bundle, "Write no .p12 file for a client: no browser is to use it");
  return arguments.parse();
}

/// What is to be written, known before anything is made.
struct Places {
  std::string key, chain, bundle;  // empty: not written
};

Places places_of(const Options& options, const pki::LeafPlan& plan) {
  const std::string prefix = options.issue.out.value_or(file_stem(options.words.front()));
  const bool bundled = plan.use == pki::LeafPlan::Use::client && !options.no_bundle;
  return {options.key_file ? "" : prefix + ".key", prefix + ".pem", bundled ? prefix + ".p12" : ""};
}

void check(const Places& places, const Options& options) {
  std::vector<std::string> paths;
  for (const std::string* path : {&places.key, &places.chain, &places.bundle}) {
    if (!path->empty()) paths.push_back(*path);
  }
  check_outputs(paths, options.issue.force);
  spare_inputs(paths, {options.key_file, options.key_passphrase.file, options.bundle_passphrase.file});
}

tls::KeyHandle key_of(const Options& options, bool& encrypted) {
  if (options.key_file && options.rsa_bits) {
    give_up("--key uses a key that is there, --rsa makes a new one; give one of them");
  }
  if (options.key_file) return open_key(*options.key_file, options.key_passphrase, &encrypted);
  pki::KeyKind kind;
  if (options.rsa_bits) kind = {pki::KeyKind::Algorithm::rsa, static_cast<int>(*options.rsa_bits)};
  return value_or_give_up(pki::make_key(kind));
}

void say_what_is_next(const Places& places, const pki::LeafPlan& plan, const Options& options, bool encrypted) {
  if (plan.use == pki::LeafPlan::Use::server) {
    const std::string key = options.key_file.value_or(places.key);
    fmt::print("\nIn the configuration of an endpoint:\n{}",
               tls_lines(absolute_path(key), absolute_path(places.chain), encrypted, options.key_passphrase));
  } else if (!places.bundle.empty()) {
    fmt::print("\nImport {} into the browser, with its passphrase; then remove the file.\n", places.bundle);
  }
}

}  // namespace

int run_ca_issue(Arguments& arguments) {
  Options options;
  if (const auto code = read_options(arguments, options)) return *code;
  auto names = value_or_give_up(pki::parse_names(options.words));
  const auto store = options.issue.place.open();
  const auto plan = options.issue.plan(store, std::move(names));
  const auto intermediate = certificate_in(store.intermediate_pem(), "intermediate.crt");
  value_or_give_up(pki::check_permitted(intermediate.get(), plan.names));
  const Places places = places_of(options, plan);
  check(places, options);

  const tls::Secret bundle_passphrase =
      places.bundle.empty() ? tls::Secret("") : new_passphrase(options.bundle_passphrase, places.bundle);
  bool encrypted = false;
  const auto key = key_of(options, encrypted);
  const Issued issued = issue(store, plan, key.get());
  std::vector<node::NewFile> files;
  if (!places.key.empty()) files.push_back({places.key, value_or_give_up(pki::key_pem(key.get(), "")), kSecretMode});
  files.push_back({places.chain, issued.chain_pem, kPublicMode});
  if (!places.bundle.empty()) {
    files.push_back({places.bundle,
                     value_or_give_up(pki::make_pkcs12(key.get(), issued.certificate.get(), intermediate.get(),
                                                       names_of(issued.certificate.get()), bundle_passphrase.text())),
                     kSecretMode});
  }
  deliver(store, issued, files, options.issue.force);
  report(issued, plan);
  say_what_is_next(places, plan, options, encrypted);
  return 0;
}

}  // namespace transom::cli
