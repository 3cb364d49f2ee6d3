#include <nlohmann/json.hpp>

#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/node_reload.h"
#include "cli/places.h"
#include "node/node_lock.h"

namespace transom::cli {
namespace {

constexpr int kNotRunning = 69;  // EX_UNAVAILABLE

}  // namespace

int run_reload(Arguments& arguments) {
  PlaceOptions place;
  bool json = false;
  place.declare(arguments, false);
  arguments.flag("--json", json, "Print what became of each listener as JSON");
  if (const auto code = arguments.parse()) return *code;

  const std::string directory = control_directory(place);
  if (!value_or_give_up(node::holder_of(directory)).held) {
    fmt::print(stderr, "No Transom is currently running from node directory {}.\n", directory);
    return kNotRunning;
  }
  const nlohmann::json parts = ask_to_reload(directory);
  if (json) {
    const nlohmann::json answer = {{"parts", parts}};
    fmt::print("{}\n", answer.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    print_reload(parts);
  }
  return kept_old_files(parts) ? 1 : 0;
}

}  // namespace transom::cli
