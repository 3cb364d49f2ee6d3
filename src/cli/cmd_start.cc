#include <sys/resource.h>

#include <csignal>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "cli/banner.h"
#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/log_scope.h"
#include "cli/places.h"
#include "io/signals.h"
#include "node/acme/placeholder.h"
#include "node/control.h"
#include "node/control_server.h"
#include "node/local_node.h"
#include "node/node.h"
#include "node/node_lock.h"
#include "node/privileges.h"

namespace transom::cli {
namespace {

struct StartOptions {
  PlaceOptions place;
  std::optional<std::int64_t> port, cores, shutdown_after_s;
  std::string log_level = "info", log_format = "standard", color = "auto";
  std::optional<std::string> log_directory, user;
  bool log_to_file = false;
};

std::optional<int> read_options(Arguments& arguments, StartOptions& options) {
  options.place.declare(arguments, true);
  arguments.number("--port", options.port, 1, 65535, "PORT", "Port of the default node (default: 8443)");
  arguments.number("--cores", options.cores, 1, 64, "N", "Threads that serve (default: what this process may use)");
  arguments.text("--user", options.user, "NAME[:GROUP]", "Whom root becomes after it has opened all");
  arguments.choice("--loglevel", options.log_level, {"none", "error", "warn", "info", "debug", "trace"},
                   "How much is logged to standard error");
  arguments.number("--shutdownafter", options.shutdown_after_s, 1, 1'000'000'000, "SECONDS", "Stop after this time");
  arguments.choice("--logformat", options.log_format, {"syslogd", "standard", "none"},
                   "Accepted for Crossbar's sake; only standard is built yet");
  arguments.choice("--color", options.color, {"true", "false", "auto"},
                   "Accepted for Crossbar's sake; colours are used on a terminal");
  arguments.text("--logdir", options.log_directory, "DIR", "Accepted for Crossbar's sake; has no effect yet");
  arguments.flag("--logtofile", options.log_to_file, "Accepted for Crossbar's sake; has no effect yet");
  return arguments.parse();
}

LogLevel log_level(const std::string& name) {
  constexpr std::string_view names[] = {"none", "error", "warn", "info", "debug", "trace"};
  return static_cast<LogLevel>(std::find(std::begin(names), std::end(names), name) - std::begin(names));
}

void warn_of_ignored(const StartOptions& options) {
  if (options.log_format != "standard") log_warn("--logformat {} has no effect yet", options.log_format);
  if (options.color != "auto") log_warn("--color {} has no effect yet", options.color);
  if (options.log_to_file || options.log_directory) {
    log_warn("--logtofile and --logdir have no effect yet: the log goes to standard error, redirect it");
  }
}

/// Every connection is a descriptor, and the usual soft limit of 1024 is meant for programs that use select.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) log_warn("cannot raise the limit of open files: {}", std::strerror(errno));
}

/// What is served, under the lock of its directory.
struct Prepared {
  node::NodeLock lock;
  node::NodeConfig config;
  std::optional<LocalNodeNews> local;  // of the default node
};

node::NodeLock take_lock(const std::string& directory) {
  auto lock = node::NodeLock::acquire(directory);
  if (lock) return std::move(*lock);
  const auto holder = node::holder_of(directory);
  if (!holder || !holder->held) throw CliError(lock.error().message);
  fmt::print("Transom is already running from node directory {} (PID {}).\n", directory, holder->pid);
  std::fflush(stdout);
  throw CliError("stop it with `transom stop`, or start this node from another directory");
}

node::NodeConfig read_config(const node::NodePlace& place, const std::string& user) {
  node::LoadOptions options;
  options.node_directory = place.directory;
  options.starting = true;
  options.user = user;
  node::LoadedConfig loaded = node::load_config(place.config_file, options);
  fmt::print(stderr, "{}", node::describe(loaded));
  if (!loaded.ok()) {
    give_up("Invalid node configuration: {} in {}; nothing was started", count_of_errors(loaded), place.config_file);
  }
  if (!loaded.startable()) {
    give_up("{} asks for what this version does not support yet (named above); nothing was started", place.config_file);
  }
  return std::move(loaded.config);
}

Prepared prepare_configured(const node::NodePlace& place, const StartOptions& options) {
  if (options.port) {
    give_up("--port is for the default node; the ports of this one stand in {}", place.config_file);
  }
  node::NodeConfig config = read_config(place, options.user.value_or(""));
  return {take_lock(place.directory), std::move(config), std::nullopt};
}

Prepared prepare_local(const StartOptions& options) {
  if (options.user) give_up("--user is for a node with a configuration; start the default node as that user itself");
  const std::string directory = local_node_directory();
  value_or_give_up(node::make_local_directory(directory));
  node::NodeLock lock = take_lock(directory);
  const auto changes = value_or_give_up(node::prepare_local_node(directory, std::time(nullptr)));
  if (changes.replaced_ca) {
    log_warn(
        "the local CA in {}/ca could not be used any more and was replaced: whoever trusted it must trust the new one",
        directory);
  }
  const auto port = static_cast<std::uint16_t>(options.port.value_or(node::kLocalNodePort));
  return {std::move(lock), node::make_local_config(directory, port, node::has_ipv6_loopback()),
          LocalNodeNews{directory, port, changes}};
}

Prepared prepare(const StartOptions& options) {
  const node::NodePlace place = find_place(options.place);
  return place.config_file.empty() ? prepare_local(options) : prepare_configured(place, options);
}

/// The control socket file, gone again when the node is.
class ControlFile {
 public:
  explicit ControlFile(std::string directory) : directory_(std::move(directory)) {}
  ~ControlFile() { node::remove_control_socket(directory_); }
  serve::UniqueFd bind() { return value_or_give_up(node::bind_control_socket(directory_)); }

 private:
  std::string directory_;
};

node::ControlHandlers control_handlers(node::Node& node, const std::optional<LocalNodeNews>& local) {
  node::ControlHandlers handlers;
  handlers.sessions = [&node](std::function<void(nlohmann::json)> done) { node.list_sessions(std::move(done)); };
  handlers.stop = [&node] { node.stop(); };
  handlers.reload = [&node](std::function<void(nlohmann::json)> done) {
    node.reload(node::Reloader::Cause::asked,
                [done = std::move(done)](const std::vector<node::ReloadOutcome>& outcomes) {
                  done({{"parts", node::json_of(outcomes)}});
                });
  };
  handlers.status = [&node, &local](std::function<void(nlohmann::json)> done) {
    node.collect_status([&node, &local, done = std::move(done)](nlohmann::json status) {
      status["node_directory"] = node.config().node_directory;
      if (local) {
        status["url"] = local->websocket_url();
        status["ca_file"] = node::LocalNodeFiles(local->directory).root_cert;
      }
      done(std::move(status));
    });
  };
  return handlers;
}

nlohmann::json recorded_options(const StartOptions& options, const node::NodeConfig& config) {
  nlohmann::json recorded = {{"cbdir", config.node_directory}, {"loglevel", options.log_level}};
  if (!config.config_file.empty()) recorded["config"] = config.config_file;
  return recorded;
}

nlohmann::json recorded_line(const Arguments& arguments) {
  nlohmann::json line = {program_path(), "start"};
  for (const std::string& word : arguments.line()) line.push_back(word);
  return line;
}

/// Whom to become; nothing: the present user stays. Known before anything is opened.
std::optional<node::RunAs> choose_user(const StartOptions& options, const node::NodeConfig& config) {
  const std::string name = options.user.value_or(config.user);
  if (!name.empty()) {
    node::RunAs user = value_or_give_up(node::find_run_as(name));
    value_or_give_up(node::check_may_become(user));
    if (user.uid != geteuid()) return user;
  } else if (geteuid() == 0 && !config.config_file.empty()) {
    log_warn("serving as root: name an ordinary user by `--user NAME` or \"controller\": {{\"user\": \"NAME\"}}");
  }
  return std::nullopt;
}

void change_user(const node::RunAs& user, const node::Node& node) {
  node::hand_over(user, node.config(), node.made_paths());
  value_or_give_up(node::become(user));
  log_info("now user {} ({}:{})", user.name, user.uid, user.gid);
  const std::string warning = node::unreadable_files_warning(user, node.config());
  if (!warning.empty()) log_warn("{}", warning);
}

void serve_until_stopped(Prepared& prepared, const StartOptions& options, io::InheritedSockets inherited) {
  const std::optional<node::RunAs> user = choose_user(options, prepared.config);
  node::NodeOptions node_options;
  node_options.inherited = std::move(inherited);
  node_options.cores = static_cast<unsigned>(options.cores.value_or(0));
  const std::string directory = prepared.config.node_directory;
  value_or_give_up(node::place_acme_placeholders(prepared.config, user, std::time(nullptr)));
  if (prepared.local) {
    node_options.renew = [directory] { return node::renew_if_due(directory, std::time(nullptr)); };
  }
  node::Node node(std::move(prepared.config), std::move(node_options));
  if (auto status = node.open(); !status) give_up("cannot start:\n{}", status.error().message);
  ControlFile control_file(directory);
  const node::ControlServer control(node.loop(), control_file.bind(), control_handlers(node, prepared.local));
  if (user) change_user(*user, node);
  io::Timer shutdown(
      node.loop().timers(),
      [](void* stopped) {
        log_info("stopping: --shutdownafter has passed");
        static_cast<node::Node*>(stopped)->stop();
      },
      &node);
  if (options.shutdown_after_s) shutdown.start(static_cast<std::uint64_t>(*options.shutdown_after_s) * 1000);
  node.on_ready([&] {
    const std::string banner = prepared.local ? local_banner(*prepared.local) : configured_banner(node.config());
    fmt::print("{}", banner);
    std::fflush(stdout);
  });
  node.run();
}

}  // namespace

int run_start(Arguments& arguments) {
  StartOptions options;
  if (const auto code = read_options(arguments, options)) return *code;
  std::signal(SIGPIPE, SIG_IGN);
  // All before the log has its thread.
  node::forbid_new_privileges();
  io::hold_signals();
  io::InheritedSockets inherited = io::InheritedSockets::from_environment();
  const LogScope log(log_level(options.log_level));
  warn_of_ignored(options);
  Prepared prepared = prepare(options);
  raise_descriptor_limit();
  value_or_give_up(prepared.lock.write_pid_file(recorded_line(arguments), recorded_options(options, prepared.config)));
  serve_until_stopped(prepared, options, std::move(inherited));
  return 0;
}

}  // namespace transom::cli
