#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/wamp_connection.h"

namespace transom::cli {
namespace {

/// One positional result is printed as it is; anything else with its parts named.
std::string result_line(const wamp::ClientPayload& payload) {
  const nlohmann::json args = payload.args.is_null() ? nlohmann::json::array() : payload.args;
  const bool has_kwargs = payload.kwargs.is_object() && !payload.kwargs.empty();
  if (!has_kwargs && args.is_array() && args.size() <= 1) return json_line(args.empty() ? nullptr : args[0]);
  return fmt::format(R"({{"args":{},"kwargs":{}}})", json_line(args),
                     json_line(has_kwargs ? payload.kwargs : nlohmann::json::object()));
}

}  // namespace

int run_call(Arguments& arguments) {
  ClientOptions options;
  std::string procedure;
  std::vector<std::string> words;
  std::optional<std::string> kwargs;
  arguments.word("URI", procedure);
  arguments.words("ARG", words);
  arguments.text("--kwargs", kwargs, "JSON", "Keyword arguments, as a JSON object");
  options.declare(arguments);
  if (const auto code = arguments.parse()) return *code;

  const wamp::ClientPayload payload{parse_arguments(words), parse_kwargs(kwargs)};
  WampConnection connection(resolve_target(options));
  const auto reply = connection.await_reply(connection.session().call(procedure, payload));
  connection.leave();
  if (!reply.error.empty()) give_up("{} failed: {} {}", procedure, reply.error, json_line(reply.payload.args));
  fmt::print("{}\n", result_line(reply.payload));
  return 0;
}

}  // namespace transom::cli
