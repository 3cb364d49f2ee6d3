#include "io/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <utility>

namespace transom::io {
namespace {

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  return set;
}

}  // namespace

// libuv's own signal handles would give a signal its deadly default back while the node still ends.
struct Signals::Watch {
  uv_poll_t poll;
  int fd = -1;
  std::function<void(int)> callback;

  void read_all() {
    signalfd_siginfo info;
    while (::read(fd, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      callback(static_cast<int>(info.ssi_signo));
    }
  }
};

void hold_signals() {
  const sigset_t set = watched();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Signals::Signals(Loop& loop, std::function<void(int)> callback) : watch_(new Watch) {
  hold_signals();
  const sigset_t set = watched();
  watch_->callback = std::move(callback);
  watch_->fd = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  uv_poll_init(loop.native(), &watch_->poll, watch_->fd);
  watch_->poll.data = watch_;
  uv_poll_start(&watch_->poll, UV_READABLE,
                [](uv_poll_t* poll, int, int) { static_cast<Watch*>(poll->data)->read_all(); });
}

Signals::~Signals() {
  uv_close(reinterpret_cast<uv_handle_t*>(&watch_->poll), [](uv_handle_t* handle) {
    Watch* watch = static_cast<Watch*>(handle->data);
    ::close(watch->fd);
    delete watch;
  });
}

}  // namespace transom::io
