#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/trust/advice.h"
#include "cli/trust/session.h"

namespace transom::cli {

int run_ca_untrust(Arguments& arguments) {
  StoreOptions options;
  std::optional<std::string> fingerprint;
  options.declare(arguments);
  arguments.text("--fingerprint", fingerprint, "SHA-256", "Instead of --ca, where there is no file of it any more");
  if (const auto code = arguments.parse()) return *code;
  if (fingerprint && options.ca) throw CliError("--ca and --fingerprint exclude each other; give one", 2);

  // Whatever is wrong with it: expired, weak, no authority, it may be taken out.
  const TrustCertificate ca = fingerprint ? value_or_give_up(authority_of(*fingerprint)) : find_authority(options);
  const StoreSearch search = find_stores(options, ca, "untrust");
  print_authority(ca);
  fmt::print("\n");
  if (options.how) {
    fmt::print("{}", advice_to_untrust(ca));
    return 0;
  }
  bool well = search.all_there;
  for (const auto& store : search.found) well = remove_from(*store, ca, options.dry_run) && well;
  fmt::print("{}\nWindows, macOS, Java, Node.js, curl, Python: see --how.\n", search.remarks);
  return well ? 0 : 1;
}

}  // namespace transom::cli
