#include "serve/core.h"

#include <unistd.h>

#include "base/log.h"
#include "serve/core_group.h"

namespace transom::serve {

Core::Core(router::CoreId id, CoreGroup& group, const std::vector<std::unique_ptr<router::Realm>>& realms)
    : id_(id), group_(group), router_(id, realms, *this, random_) {
  loop_.set_mail_handler([this] { return handle_letters(); });
}

Core::~Core() {
  for_each_connection([this](Connection& connection) { release(connection); });
  loop_.forget_flush(*this);
  buried_.clear();
}

void Core::adopt(int fd, const Listener& listener, std::string peer) {
  if (half_open_ >= kMaxHalfOpen) {
    if (!half_open_full_)
      log_warn("core {}: {} connections are in their handshakes; refusing new ones", id_, half_open_);
    half_open_full_ = true;
    counters_.connections.fetch_sub(1, std::memory_order_relaxed);
    ::close(fd);
    return;
  }
  half_open_full_ = false;
  ++half_open_;
  ++counters_.accepted;
  connections_.insert(new Connection(*this, listener, fd, std::move(peer)));
}

void Core::release(Connection& connection) {
  if (connections_.erase(&connection) == 0) return;
  counters_.connections.fetch_sub(1, std::memory_order_relaxed);
  buried_.emplace_back(&connection);
  loop_.want_flush(*this);
}

void Core::deliver(router::Envelope envelope) {
  letters_.put(std::move(envelope));
  loop_.wake();
}

void Core::post(router::CoreId to, router::Envelope envelope) { group_.core(to).deliver(std::move(envelope)); }

bool Core::handle_letters() {
  bool any = false;
  while (letters_.take(taken_letters_)) {
    any = true;
    for (const router::Envelope& letter : taken_letters_) router_.handle(letter);
  }
  return any;
}

}  // namespace transom::serve
