#include <ctime>

#include "cli/authority_options.h"
#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/input_file.h"
#include "cli/output.h"
#include "cli/passphrase.h"

namespace transom::cli {
namespace {

struct Options {
  AuthorityPlace place;
  bool of_root = false, force = false;
  std::optional<std::int64_t> days;
  std::optional<std::string> out;
  PassphraseOptions passphrase;
};

void refresh_root_crl(const node::AuthorityStore& store, const Options& options) {
  const bool sealed = value_or_give_up(store.root_is_encrypted());
  const tls::Secret passphrase = sealed ? old_passphrase(options.passphrase, "the root's key") : tls::Secret("");
  const auto root = value_or_give_up(store.root(passphrase.text()));
  const auto held = value_or_give_up(store.lock());
  const std::string before = value_or_give_up(store.crl(true));
  value_or_give_up(store.replace_crl(true, fresh_crl(root, {}, before, options.days.value_or(kRootCrlDays))));
}

void refresh(const node::AuthorityStore& store, const Options& options) {
  if (options.of_root) return refresh_root_crl(store, options);
  const auto held = value_or_give_up(store.lock());
  refresh_crl(store, options.days.value_or(kCrlDays));
}

/// What clients fetch is DER and called .crl; servers and openssl read PEM, and want those of all authorities at once.
void hand_out(const node::AuthorityStore& store, const Options& options) {
  const bool der = options.out->ends_with(".crl");
  const std::string content =
      der ? value_or_give_up(store.crl(options.of_root))
          : read_input(store.directory() + "/crls.pem", "revocation list", 2 * node::AuthorityStore::kMaxList);
  write_outputs({{*options.out, content, kPublicMode}}, options.force);
}

}  // namespace

int run_ca_crl(Arguments& arguments) {
  Options options;
  options.place.declare(arguments);
  arguments.number("--days", options.days, 1, 3650, "DAYS",
                   "When the next one is due (default: 30; for the root's 3650)");
  arguments.flag("--root", options.of_root, "Sign the root's own list anew, with the root's key");
  options.passphrase.declare(arguments, "the root's key");
  arguments.text("--out", options.out, "FILE", "Copy it there: FILE.crl in DER, another name in PEM with the root's");
  arguments.flag("--force", options.force, "Overwrite that file if it is there");
  if (const auto code = arguments.parse()) return *code;
  if (options.out) check_outputs({*options.out}, options.force);

  const auto store = options.place.open();
  refresh(store, options);
  const std::int64_t days = options.days.value_or(options.of_root ? kRootCrlDays : kCrlDays);
  fmt::print("Wrote {0}/{1}.crl and {0}/crls.pem; the next is due by {2}\n", store.directory(),
             options.of_root ? "root" : "intermediate", day_of(std::time(nullptr) + days * kDayS));
  if (options.out) hand_out(store, options);
  warn_of_root_list(store, std::time(nullptr));
  return 0;
}

}  // namespace transom::cli
