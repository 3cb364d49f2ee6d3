#include <ctime>

#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/trust/advice.h"
#include "cli/trust/session.h"

namespace transom::cli {
namespace {

void warn_of_scope(const TrustCertificate& ca) {
  if (!ca.any_host) return;
  fmt::print(
      "\nWARNING: nothing limits what this authority may vouch for. Whoever gets hold of its key can pose as any site "
      "to\n"
      "everybody who trusts it. Name constraints limit that; where you cannot have them, keep the key offline.\n");
}

}  // namespace

int run_ca_trust(Arguments& arguments) {
  StoreOptions options;
  options.declare(arguments);
  if (const auto code = arguments.parse()) return *code;

  const TrustCertificate ca = find_authority(options);
  value_or_give_up(check_trustworthy(ca, std::time(nullptr)));
  const StoreSearch search = find_stores(options, ca, "trust");
  print_authority(ca);
  warn_of_scope(ca);
  fmt::print("\n");
  if (options.how) {
    fmt::print("{}", advice_to_trust(ca));
    return 0;
  }
  bool well = search.all_there;
  for (const auto& store : search.found) well = add_to(*store, ca, options.dry_run) && well;
  fmt::print(
      "{}\nCompare the SHA-256 with what the authority's owner tells you: `transom start` shows that of its local CA.\n"
      "Windows, macOS, Java, Node.js, curl, Python: see --how.\n",
      search.remarks);
  return well ? 0 : 1;
}

}  // namespace transom::cli
