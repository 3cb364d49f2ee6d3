#include "cli/client_options.h"

#include <unistd.h>

#include "cli/cli_error.h"
#include "cli/places.h"
#include "node/control.h"
#include "node/files/durable_file.h"
#include "node/local_node.h"
#include "node/node_lock.h"
#include "wamp/serializer.h"

namespace transom::cli {
namespace {

using nlohmann::json;

constexpr int kAnswerTimeoutMs = 2'000;

bool is_loopback(const std::string& host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

/// The URL of the default node of the current directory while it runs; empty otherwise.
std::string running_local_url() {
  const std::string directory = local_node_directory();
  const auto holder = node::holder_of(directory);
  if (!holder || !holder->held) return "";
  const auto answer = node::ask_node(directory, R"({"command":"status"})", kAnswerTimeoutMs);
  if (!answer) return "";
  const json status = json::parse(*answer, nullptr, false);
  const json url = status.is_object() ? status.value("url", json()) : json();
  return url.is_string() ? url.get<std::string>() : "";
}

std::string choose_url(const ClientOptions& options) {
  if (options.url) return *options.url;
  const std::string local = running_local_url();
  return local.empty() ? fmt::format("wss://localhost:{}/ws", node::kLocalNodePort) : local;
}

/// Without --ca the local CA, where there is one, vouches for this machine's names; it can vouch for no others.
std::string choose_ca(const ClientOptions& options, const std::string& host) {
  if (options.ca) return *options.ca;
  const std::string root = node::LocalNodeFiles(local_node_directory()).root_cert;
  return is_loopback(host) && access(root.c_str(), R_OK) == 0 ? root : "";
}

/// From a file or the environment, never from the command line, where every user of the machine could read it.
std::optional<std::string> read_ticket(const ClientOptions& options) {
  if (!options.ticket_file) return node::process_environment("TRANSOM_TICKET");
  auto content = value_or_give_up(node::read_if_present(*options.ticket_file, node::kMaxSmallFile, FileKinds::any));
  if (!content) give_up("there is no file {} (named by --ticket-file)", *options.ticket_file);
  while (!content->empty() && (content->back() == '\n' || content->back() == '\r')) content->pop_back();
  return content;
}

}  // namespace

void ClientOptions::declare(Arguments& arguments) {
  arguments.text("--url", url, "URL", "The node (default: the one of ./.transom, else wss://localhost:8443/ws)");
  arguments.text("--realm", realm, "NAME", "The realm to join (default: realm1)");
  arguments.choice("--serializer", serializer, {"json", "msgpack", "cbor"}, "How messages are encoded");
  arguments.text("--ca", ca, "FILE",
                 "Trust the CA certificates of this file (default: ./.transom's, else the system's)");
  arguments.flag("--insecure", insecure, "Do not verify the node's certificate");
  arguments.text("--authid", authid, "NAME", "Who to join as");
  arguments.text("--ticket-file", ticket_file, "FILE", "The ticket to authenticate with (or set TRANSOM_TICKET)");
  arguments.number("--timeout", timeout_s, 1, 86'400, "SECONDS", "For connecting and for every answer (default: 10)");
}

ClientTarget resolve_target(const ClientOptions& options) {
  ClientTarget target;
  target.url_text = choose_url(options);
  auto url = wire::parse_url(target.url_text);
  if (!url) give_up("\"{}\" is no URL of a node: {}", target.url_text, url.error().message);
  target.url = std::move(*url);
  if (target.url.scheme != "wss" && target.url.scheme != "ws") {
    give_up("{} is no WebSocket URL; it must begin with wss:// or ws://", target.url_text);
  }
  target.trust = {choose_ca(options, target.url.host), options.insecure};
  if (options.insecure) fmt::print(stderr, "warning: --insecure, anybody on the way can read and change everything\n");
  target.serializer = wamp::serializer_by_name(options.serializer).value_or(wamp::SerializerId::json);
  target.identity = {options.realm.value_or("realm1"), options.authid.value_or(""), read_ticket(options),
                     fmt::format("Transom-{}", TRANSOM_VERSION)};
  target.timeout_s = options.timeout_s.value_or(target.timeout_s);
  return target;
}

json parse_arguments(const std::vector<std::string>& words) {
  json arguments = json::array();
  for (const std::string& word : words) {
    json value = json::parse(word, nullptr, false);
    arguments.push_back(value.is_discarded() ? json(word) : std::move(value));
  }
  return arguments;
}

json parse_kwargs(const std::optional<std::string>& text) {
  if (!text) return nullptr;
  json value = json::parse(*text, nullptr, false);
  if (!value.is_object()) give_up("--kwargs must be a JSON object such as '{{\"name\": \"value\"}}'");
  return value;
}

std::string json_line(const json& value) {
  Buffer out;
  wamp::encode_value(wamp::SerializerId::json, value, out);
  return std::string(out.text());
}

}  // namespace transom::cli
