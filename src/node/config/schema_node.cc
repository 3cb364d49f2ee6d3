// The top of the configuration: version, controller, workers.
#include <fmt/format.h>

#include "node/config/schema_tables.h"
#include "node/privileges.h"

namespace transom::node {
namespace {

struct Controller {
  std::string id, title, user;
};

void read_version(SchemaReader& reader, const ConfigValue& value, NodeConfig&) {
  const auto version = reader.integer(value, 1, 2);
  if (version && *version == 1) reader.error(value.at, "version 1 is too old", {"2", "see `crossbar upgrade`", ""});
}

void read_shutdown(SchemaReader& reader, const ConfigValue& value, Controller&) {
  static const std::vector<std::string> kModes = {"shutdown_on_shutdown_requested", "shutdown_on_worker_exit",
                                                  "shutdown_on_worker_exit_with_error", "shutdown_on_last_worker_exit"};
  if (value.is(ConfigValue::Kind::list)) {
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      SchemaReader::Step step(reader, i);
      reader.choice(value.items[i], kModes);
    }
  } else if (!reader.choice(value, kModes)) {
    return;
  }
  reader.absent_convenience(value.at, "controller.options.shutdown",
                            "\"shutdown\" has no effect: workers are parts of one process and do not exit alone");
}

const Table<Controller>& controller_options_table() {
  static const Table<Controller> table(
      "controller options", {
                                text("title", &Controller::title, "The title of the process."),
                                Field<Controller>("shutdown", "a string or a list of strings",
                                                  "When the node stops by itself.", read_shutdown),
                                accepted<Controller>("enable_parallel_worker_start", "Workers always start together."),
                            });
  return table;
}

/// Who it is on this machine is judged at the end, in config.cc.
void read_user(SchemaReader& reader, const ConfigValue& value, Controller& controller) {
  const auto user = reader.string(value);
  if (!user) return;
  if (const auto form = check_user_form(*user); !form) return reader.error(value.at, form.error().message);
  controller.user = *user;
  reader.facts.user = reader.here(value.at);
}

const Table<Controller>& controller_table() {
  static const Table<Controller> table(
      "controller",
      {
          text("id", &Controller::id, "The node's name; the host name when absent."),
          Field<Controller>("user", "a string", "Whom root becomes after it has opened all: NAME[:GROUP].", read_user),
          part<Controller>("options", controller_options_table, "Options of the node as a whole."),
          convenience<Controller>("manhole", "A Python shell over SSH."),
          convenience<Controller>("connections", "Database connections."),
          convenience<Controller>("keyring", "Keys of payload encryption."),
      });
  return table;
}

/// `true`, or "${VAR}": disabled when the variable is set.
void read_disabled(SchemaReader& reader, const ConfigValue& value, WorkerConfig& worker) {
  const bool reference = value.is(ConfigValue::Kind::string) && value.text.size() > 3 &&
                         value.text.substr(0, 2) == "${" && value.text.back() == '}';
  if (reference) {
    worker.disabled = reader.environment(value.text.substr(2, value.text.size() - 3)).has_value();
  } else if (const auto truth = reader.boolean(value)) {
    worker.disabled = *truth;
  }
}

const Table<WorkerConfig>& worker_options_table() {
  using W = WorkerConfig;
  static const Table<W> table(
      "worker options",
      {
          accepted<W>("title", "The title of the worker's process."),
          accepted<W>("extra", "Data for Python code."),
          accepted<W>("python", "The interpreter."),
          accepted<W>("pythonpath", "Where Python looks for modules."),
          accepted<W>("env", "The environment of the worker's process."),
          accepted<W>("expose_controller", "For Python components."),
          accepted<W>("expose_shared", "For Python components."),
          convenience<W>("cpu_affinity", "The processors to run on; `--cores` is what there is here."),
          Field<W>("disabled", "true, false or \"${VAR}\"", "Leaves the worker out.", read_disabled).preset(false),
      });
  return table;
}

const Table<WorkerConfig>& router_worker_table() {
  using W = WorkerConfig;
  static const Table<W> table(
      "router worker",
      {
          accepted<W>("type", "The kind of worker."),
          identifier(&W::id),
          part<W>("options", worker_options_table, "Options of the worker."),
          objects("realms", &W::realms, realm_table, "The realms clients can join; known in this worker only."),
          objects("transports", &W::transports, transport_variants, "Where clients connect."),
          restricting<W>("components", "Application parts inside of the node, written in Python.",
                         "run the component as a client of its own, in a process beside the node"),
          convenience<W>("manhole", "A Python shell over SSH."),
          convenience<W>("connections", "Database connections."),
      },
      check_worker);
  return table;
}

/// A disabled worker is checked, but takes no port and needs no file.
void read_router_worker(SchemaReader& reader, const ConfigValue& dict, WorkerConfig& worker) {
  CollectedFacts before = reader.facts;
  reader.facts.roles.clear();
  reader.read(dict, router_worker_table(), worker);
  if (!worker.disabled) return;
  before.protected_files = std::move(reader.facts.protected_files);
  reader.facts = std::move(before);
}

Variant<WorkerConfig> unbuilt_worker(std::string name, std::vector<std::string> keys, std::string way_out) {
  const auto table = known_keys(name + " worker", keys);
  return {name, Support::restricting, std::move(way_out), table, nullptr};
}

/// A redirect leads to a TLS web transport of this node.
void check_redirects(SchemaReader& reader, const NodeConfig& node) {
  const auto leads_there = [](const serve::TransportConfig& t) { return t.endpoint.tls && !t.websocket; };
  for (const WorkerConfig& worker : node.workers) {
    if (worker.disabled) continue;
    if (std::any_of(worker.transports.begin(), worker.transports.end(), leads_there)) return;
  }
  for (const Place& place : reader.facts.redirects) {
    reader.report(Diagnostic::Severity::error, place, "there is no web transport with \"tls\" to redirect to",
                  {"", "add one, or take \"redirect\" out", ""});
  }
}

void finish_node(SchemaReader& reader, const ConfigValue& dict, NodeConfig& node) {
  if (dict.find("version") == nullptr) {
    reader.error(dict.at, "\"version\" is missing, which means the old version 1", {"", "add \"version\": 2", ""});
  }
  check_differ(reader, dict, "workers", "id", "id");
  check_redirects(reader, node);
  // Ids are made up in the order of those that have none, as Crossbar counts.
  int number = 0;
  for (WorkerConfig& worker : node.workers) {
    if (worker.id.empty()) worker.id = fmt::format("worker{:03}", ++number);
    for (serve::TransportConfig& transport : worker.transports) transport.worker_id = worker.id;
  }
}

}  // namespace

const Variants<WorkerConfig>& worker_variants() {
  static const Variants<WorkerConfig> variants(
      "worker", "type", "",
      {
          {"router", Support::built, "", []() -> const TableBase& { return router_worker_table(); },
           read_router_worker},
          unbuilt_worker("container", {"id", "type", "options", "manhole", "components", "connections"},
                         "run each component as a client of its own, in a process beside the node"),
          unbuilt_worker("guest", {"id", "type", "executable", "arguments", "options"},
                         "start the program beside the node, for instance by systemd, and take the worker out"),
          unbuilt_worker("proxy", {"id", "type", "options", "connections", "routes", "transports"},
                         "one router worker uses all cores here: put its transports into the router worker"),
          unbuilt_worker("websocket-testee", {"id", "type", "options", "transport"}, "take the worker out"),
      });
  return variants;
}

const Table<NodeConfig>& node_table() {
  using N = NodeConfig;
  Field<N> controller("controller", "a dictionary", "The node as a whole.",
                      [](SchemaReader& reader, const ConfigValue& value, N& node) {
                        Controller target;
                        reader.read(value, controller_table(), target);
                        node.id = std::move(target.id);
                        node.title = std::move(target.title);
                        node.user = std::move(target.user);
                      });
  controller.nested = [](std::vector<std::string>& seen) { return describe_table(controller_table(), seen); };
  static const Table<N> table(
      "the configuration",
      {
          accepted<N>("$schema", "Where editors find the schema."),
          Field<N>("version", "an integer", "The version of the format.", read_version).within(2, 2),
          std::move(controller),
          objects("workers", &N::workers, worker_variants, "The workers; all run in one process."),
      },
      finish_node);
  return table;
}

}  // namespace transom::node
