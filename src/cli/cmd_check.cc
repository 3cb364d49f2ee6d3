#include "cli/banner.h"
#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/places.h"
#include "node/acme/care.h"

namespace transom::cli {
namespace {

using Severity = node::Diagnostic::Severity;

int report(const node::LoadedConfig& loaded, const std::string& file) {
  for (const node::Diagnostic& diagnostic : loaded.diagnostics) fmt::print("{}\n", to_string(diagnostic));
  if (!loaded.ok()) {
    fmt::print("Error: {} in {}\n", count_of_errors(loaded), file);
    return 1;
  }
  fmt::print("Ok, node configuration looks good!\n");
  if (const auto count = node::acme_subjects(loaded.config).size(); count > 0) {
    fmt::print("{} by ACME: nothing was asked of the network; `transom start` orders what is missing\n",
               count == 1 ? "a certificate" : fmt::format("{} certificates", count));
    if (const auto https = node::load_acme_https(); !https) fmt::print("warning: {}\n", https.error().message);
  }
  if (!loaded.startable()) {
    fmt::print("valid, not yet supported: `transom start` refuses this configuration, see the findings above\n");
  }
  return 0;
}

}  // namespace

int run_check(Arguments& arguments) {
  PlaceOptions options;
  options.declare(arguments, true);
  if (const auto code = arguments.parse()) return *code;
  const node::NodePlace place = find_place(options);
  if (place.config_file.empty()) {
    give_up("there is no configuration in {}; name one by --config or --cbdir, or write one with `transom init`",
            place.directory);
  }
  fmt::print("Checking local node configuration file: {}\n", place.config_file);
  node::LoadOptions load;
  load.node_directory = place.directory;
  return report(node::load_config(place.config_file, load), place.config_file);
}

}  // namespace transom::cli
