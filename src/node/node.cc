#include "node/node.h"

#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/log.h"
#include "io/service_manager.h"
#include "io/signals.h"
#include "node/acme/placeholder.h"
#include "node/listener_status.h"
#include "node/ocsp/cache.h"
#include "node/session_list.h"

namespace transom::node {

Node::Node(NodeConfig config, NodeOptions options)
    : config_(std::move(config)),
      inherited_(std::move(options.inherited)),
      renew_(std::move(options.renew)),
      started_(std::time(nullptr)) {
  if (!acme_endpoints(config_).empty()) resources_.acme_challenges = std::make_shared<tls::AcmeChallenges>();
  std::vector<serve::CoreGroup::WorkerRealms> workers;
  serve::SiteContext context{
      config_.node_directory,    config_.protected_files, started_, config_.workers.size(), 0, nullptr,
      resources_.acme_challenges};
  for (const WorkerConfig& worker : config_.workers) {
    workers.push_back({worker.id, worker.realms});
    context.realm_count += worker.realms.size();
  }
  const unsigned cores = options.cores == 0 ? available_cores() : options.cores;
  group_ = std::make_unique<serve::CoreGroup>(cores, workers);
  for (const WorkerConfig& worker : config_.workers) {
    for (const serve::TransportConfig& transport : worker.transports) group_->add_listener(transport, context);
  }
  resources_.staples = std::make_shared<tls::StapleStore>();
  OcspStapler::Options stapling;
  stapling.cache_directory = config_.node_directory + "/" + kOcspCacheName;
  stapling.quiet = config_.config_file.empty();  // the default node's own authority answers no OCSP
  stapler_ = std::make_unique<OcspStapler>(loop(), std::move(stapling));
  SystemRandom random;
  auto ticket_keys = std::make_shared<tls::TicketKeys>(random);
  resources_.ticket_keys = ticket_keys;
  ticket_rotation_ = std::make_unique<TicketRotation>(loop(), std::move(ticket_keys), ticket_rotation_s(config_));
}

Node::~Node() = default;

Status Node::open() {
  if (group_->realms().size() > router::kMaxRealms) {
    return fail("the configuration has {} realms; at most {} are supported", group_->realms().size(),
                router::kMaxRealms);
  }
  std::vector<std::unique_ptr<Reloadable>> parts;
  for (const auto& listener : group_->listeners()) {
    if (listener->config().endpoint.tls) parts.push_back(std::make_unique<TlsReload>(*listener, resources_, *stapler_));
  }
  reloader_ = std::make_unique<Reloader>(loop(), std::move(parts));
  watch_ = std::make_unique<FileWatch>(loop(), reloader_->files(), [this] { reload(Reloader::Cause::noticed); });
  std::vector<std::string> warnings;
  Status opened = group_->open(resources_, inherited_, warnings);
  if (resources_.acme_challenges) {
    if (const auto loaded = load_acme_https(); !loaded) warnings.push_back(loaded.error().message);
  }
  for (const std::string& problem : inherited_.problems()) warnings.push_back(problem);
  for (const std::string& socket : inherited_.left()) {
    warnings.push_back(
        fmt::format("the inherited socket {} is closed: no endpoint has just this address and port", socket));
  }
  inherited_ = {};
  const auto& told = config_.told_warnings;
  for (const std::string& warning : warnings) {
    if (std::find(told.begin(), told.end(), warning) == told.end()) log_warn("{}", warning);
  }
  return opened;
}

std::vector<std::string> Node::made_paths() const {
  std::vector<std::string> paths;
  for (const auto& listener : group_->listeners()) {
    if (!listener->made_path().empty()) paths.push_back(listener->made_path());
  }
  return paths;
}

void Node::run() {
  const io::Signals signals(loop(), [this](int number) { on_signal(number); });
  // Whoever connects meanwhile waits: the first handshake has its staple.
  loop().post([this] { stapler_->prepare(tls_contexts(), [this] { serve(); }); });
  group_->run();
  log_info("stopped");
}

void Node::stop() {
  loop().post([this] { group_->stop(); });
}

OcspStapler::Contexts Node::tls_contexts() const {
  OcspStapler::Contexts contexts;
  for (const auto& listener : group_->listeners()) {
    if (auto context = listener->tls()) contexts.push_back(std::move(context));
  }
  return contexts;
}

void Node::serve() {
  group_->accept();
  for (const auto& listener : group_->listeners()) {
    const auto context = listener->tls();
    log_info("listening: {}{}{}", listener->description(), context ? ": " : "", context ? context->offer() : "");
  }
  care_ = std::make_unique<CertificateCare>(loop(), *reloader_, *group_, std::move(renew_));
  AcmeCare::Options acme{acme_subjects(config_), resources_.acme_challenges, [this] { return stapler_->revoked(); }};
  if (!acme.subjects.empty()) acme_care_ = std::make_unique<AcmeCare>(loop(), *reloader_, std::move(acme));
  io::notify_service_manager("READY=1");
  if (ready_) ready_();
}

void Node::reload(Reloader::Cause cause, Reloader::Done done) {
  if (cause == Reloader::Cause::asked && acme_care_) acme_care_->retry();
  reloader_->reload(cause, std::move(done));
}

/// A second one to stop ends the node without waiting.
void Node::on_signal(int number) {
  if (number == SIGHUP) return reload(Reloader::Cause::asked);
  log_info("stopping on {}", number == SIGTERM ? "SIGTERM" : "SIGINT");
  group_->stop();
}

std::vector<std::string> Node::current_warnings() const {
  auto all = stapler_->complaints();
  for (std::string& text : reloader_->kept()) all.push_back(std::move(text));
  if (!care_) return all;
  for (std::string& text : care_->near_expiry()) all.push_back(std::move(text));
  return all;
}

void Node::list_sessions(std::function<void(nlohmann::json)> done) { collect_sessions(*group_, std::move(done)); }

void Node::collect_status(std::function<void(nlohmann::json)> done) {
  struct Collection {
    nlohmann::json status;
    std::vector<std::size_t> sessions;  // per realm
    std::map<const serve::Listener*, std::size_t> connections;
    std::size_t waiting;
    std::function<void(nlohmann::json)> done;
  };
  auto collection = std::make_shared<Collection>();
  collection->sessions.resize(group_->realms().size());
  collection->waiting = group_->size();
  collection->done = std::move(done);
  const auto conclude = [this, collection] {
    auto& status = collection->status;
    status = {
        {"pid", getpid()},         {"version", TRANSOM_VERSION},           {"uptime_s", std::time(nullptr) - started_},
        {"cores", group_->size()}, {"listeners", nlohmann::json::array()}, {"realms", nlohmann::json::array()}};
    for (const auto& listener : group_->listeners()) {
      auto described = listener_status(*listener, loop().unix_seconds());
      described["connections"] = collection->connections[listener.get()];
      status["listeners"].push_back(std::move(described));
    }
    status["warnings"] = current_warnings();
    status["staples"] = stapler_->status();
    status["acme"] = acme_care_ ? acme_care_->status() : nlohmann::json::array();
    status["sessions"] = std::accumulate(collection->sessions.begin(), collection->sessions.end(), std::size_t{0});
    for (std::size_t i = 0; i < group_->realms().size(); ++i) {
      const router::Realm& realm = *group_->realms()[i];
      status["realms"].push_back(
          {{"worker", realm.worker_id}, {"realm", realm.name}, {"sessions", collection->sessions[i]}});
    }
    collection->done(std::move(status));
  };
  for (std::size_t i = 0; i < group_->size(); ++i) {
    serve::Core& core = group_->core(i);
    core.loop().post([this, &core, collection, conclude] {
      std::vector<std::size_t> sessions;
      for (std::size_t realm = 0; realm < group_->realms().size(); ++realm) {
        sessions.push_back(core.router().realm_sessions(static_cast<router::RealmId>(realm)));
      }
      std::map<const serve::Listener*, std::size_t> connections;
      core.for_each_connection(
          [&connections](serve::Connection& connection) { ++connections[&connection.listener()]; });
      loop().post([collection, conclude, sessions, connections] {
        for (std::size_t realm = 0; realm < sessions.size(); ++realm) collection->sessions[realm] += sessions[realm];
        for (const auto& [listener, count] : connections) collection->connections[listener] += count;
        if (--collection->waiting == 0) conclude();
      });
    });
  }
}

}  // namespace transom::node
