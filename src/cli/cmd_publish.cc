#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/wamp_connection.h"

namespace transom::cli {

int run_publish(Arguments& arguments) {
  ClientOptions options;
  std::string topic;
  std::vector<std::string> words;
  std::optional<std::string> kwargs;
  arguments.word("URI", topic);
  arguments.words("ARG", words);
  arguments.text("--kwargs", kwargs, "JSON", "Keyword arguments, as a JSON object");
  options.declare(arguments);
  if (const auto code = arguments.parse()) return *code;

  const wamp::ClientPayload payload{parse_arguments(words), parse_kwargs(kwargs)};
  WampConnection connection(resolve_target(options));
  const auto reply = connection.await_reply(connection.session().publish(topic, payload));
  connection.leave();
  if (!reply.error.empty()) give_up("{} was refused: {} {}", topic, reply.error, json_line(reply.payload.args));
  fmt::print("Published to {} (publication {}).\n", topic, reply.id);
  return 0;
}

}  // namespace transom::cli
