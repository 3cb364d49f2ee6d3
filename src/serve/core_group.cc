#include "serve/core_group.h"

#include <pthread.h>
#include <unistd.h>

#include "base/log.h"
#include "io/service_manager.h"

namespace transom::serve {

CoreGroup::CoreGroup(unsigned core_count, const std::vector<WorkerRealms>& workers) {
  for (const WorkerRealms& worker : workers) {
    for (const router::RealmConfig& config : worker.realms) {
      const auto id = static_cast<router::RealmId>(realms_.size());
      const auto home = static_cast<router::CoreId>(id % core_count);
      realms_.push_back(std::make_unique<router::Realm>(id, home, worker.worker_id, config));
    }
  }
  for (unsigned i = 0; i < core_count; ++i) {
    cores_.push_back(std::make_unique<Core>(static_cast<router::CoreId>(i), *this, realms_));
  }
}

CoreGroup::~CoreGroup() {
  acceptors_.clear();
  // A session's end posts letters to other cores, so all sessions go before the first core does.
  for (const auto& core : cores_) core->drop_connections();
}

Listener& CoreGroup::add_listener(TransportConfig config, SiteContext context) {
  context.https_hosts = &https_hosts_;
  listeners_.push_back(std::make_unique<Listener>(std::move(config), context));
  return *listeners_.back();
}

Status CoreGroup::open(const tls::ServerResources& resources, io::InheritedSockets& inherited,
                       std::vector<std::string>& warnings) {
  std::string failures;
  for (const auto& listener : listeners_) {
    if (auto opened = listener->open(resources, inherited, warnings); !opened) {
      failures += (failures.empty() ? "" : "\n") + opened.error().message;
    }
  }
  if (!failures.empty()) {
    for (const auto& listener : listeners_) {
      for (const int fd : listener->take_sockets()) ::close(fd);
    }
    return fail("{}", failures);
  }
  return {};
}

void CoreGroup::accept() {
  if (stopping_) return;
  for (const auto& listener : listeners_) {
    for (const int fd : listener->take_sockets()) {
      acceptors_.push_back(std::make_unique<io::Acceptor>(
          cores_[0]->loop(), fd,
          [this, target = listener.get()](int socket, std::string peer) { place(socket, *target, std::move(peer)); }));
    }
  }
}

void CoreGroup::place(int fd, const Listener& listener, std::string peer) {
  Core* best = cores_[0].get();
  for (const auto& core : cores_) {
    if (core->counters().connections.load(std::memory_order_relaxed) <
        best->counters().connections.load(std::memory_order_relaxed)) {
      best = core.get();
    }
  }
  best->counters().connections.fetch_add(1, std::memory_order_relaxed);  // now, so that a burst spreads
  if (best == cores_[0].get()) return best->adopt(fd, listener, std::move(peer));
  best->loop().post([best, fd, &listener, peer = std::move(peer)] { best->adopt(fd, listener, peer); });
}

void CoreGroup::run() {
  for (std::size_t i = 1; i < cores_.size(); ++i) {
    threads_.emplace_back([core = cores_[i].get()] { core->loop().run(); });
    pthread_setname_np(threads_.back().native_handle(), fmt::format("core-{}", i).c_str());
  }
  cores_[0]->loop().run();
  for (std::size_t i = 1; i < cores_.size(); ++i) {
    cores_[i]->loop().post([core = cores_[i].get()] { core->loop().stop(); });
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  drain_timer_.reset();
}

void CoreGroup::stop() {
  io::Loop& loop = cores_[0]->loop();
  if (stopping_) return loop.stop();
  stopping_ = true;
  io::notify_service_manager("STOPPING=1");
  acceptors_.clear();
  for (const auto& core : cores_) {
    core->loop().post([target = core.get()] { target->shut_down(); });
  }
  drain_deadline_ms_ = loop.now_ms() + kShutdownMs;
  drain_timer_ = std::make_unique<io::Timer>(
      loop.timers(), [](void* self) { static_cast<CoreGroup*>(self)->check_drained(); }, this);
  drain_timer_->start(0);
}

void CoreGroup::check_drained() {
  std::size_t left = 0;
  for (const auto& core : cores_) left += core->counters().connections.load(std::memory_order_relaxed);
  io::Loop& loop = cores_[0]->loop();
  if (left == 0 || loop.now_ms() >= drain_deadline_ms_) {
    if (left > 0) log_warn("{} connections did not end within {} ms and are cut", left, kShutdownMs);
    return loop.stop();
  }
  drain_timer_->start(0);
}

}  // namespace transom::serve
