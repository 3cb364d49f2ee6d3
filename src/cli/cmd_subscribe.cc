#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/wamp_connection.h"

namespace transom::cli {
namespace {

wamp::Match match_of(const std::string& name) {
  return name == "prefix" ? wamp::Match::prefix : name == "wildcard" ? wamp::Match::wildcard : wamp::Match::exact;
}

/// {"topic": ..., "args": [...], "kwargs": {...}}; the router names the topic where a pattern was subscribed to.
void print_event(const wamp::ClientEvent& event, const std::string& subscribed) {
  const nlohmann::json topic = event.details.is_object() ? event.details.value("topic", nlohmann::json()) : nullptr;
  const auto& [args, kwargs] = event.payload;
  fmt::print(R"({{"topic":{},"args":{},"kwargs":{}}})"
             "\n",
             json_line(topic.is_null() ? nlohmann::json(subscribed) : topic),
             json_line(args.is_null() ? nlohmann::json::array() : args),
             json_line(kwargs.is_null() ? nlohmann::json::object() : kwargs));
  std::fflush(stdout);
}

}  // namespace

int run_subscribe(Arguments& arguments) {
  ClientOptions options;
  std::string topic, match = "exact";
  std::optional<std::int64_t> count;
  arguments.word("URI", topic);
  arguments.choice("--match", match, {"exact", "prefix", "wildcard"}, "How the URI matches topics");
  arguments.number("--count", count, 1, 1'000'000'000, "N", "End after this many events (default: with Ctrl-C)");
  options.declare(arguments);
  if (const auto code = arguments.parse()) return *code;

  const InterruptWatch interrupt;
  const ClientTarget target = resolve_target(options);
  WampConnection connection(target);
  std::int64_t seen = 0;
  const auto enough = [&] { return count && seen >= *count; };
  connection.on_each_event([&](const wamp::ClientEvent& event) {
    if (enough()) return;  // several may come at once
    print_event(event, topic);
    ++seen;
  });
  const auto reply = connection.await_reply(connection.session().subscribe(topic, match_of(match)));
  if (!reply.error.empty()) give_up("{} was refused: {} {}", topic, reply.error, json_line(reply.payload.args));
  fmt::print(stderr, "Subscribed to {} at {}; Ctrl-C ends it.\n", topic, target.url_text);
  connection.run_until(enough, interrupt);
  connection.leave();
  return 0;
}

}  // namespace transom::cli
