#include "io/socket.h"

#include <unistd.h>

namespace transom::io {

// The handle outlives the Socket until libuv has let go of it, so it points back and not the other way round.
struct Socket::Poll {
  uv_poll_t handle;
  Socket* owner;
};

Socket::Socket(Loop& loop, int fd, Handler& handler) : loop_(loop), handler_(handler), poll_(new Poll), fd_(fd) {
  poll_->owner = this;
  poll_->handle.data = poll_;
  if (uv_poll_init(loop.native(), &poll_->handle, fd) != 0) {
    delete poll_;
    poll_ = nullptr;
    ::close(fd_);
    fd_ = -1;
  }
}

void Socket::watch(bool readable, bool writable) {
  const int events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);
  if (poll_ == nullptr || events == events_) return;
  events_ = events;
  if (events == 0) {
    uv_poll_stop(&poll_->handle);
  } else {
    uv_poll_start(&poll_->handle, events, &Socket::on_poll);
  }
}

void Socket::on_poll(uv_poll_t* handle, int status, int events) {
  auto* poll = static_cast<Poll*>(handle->data);
  Socket& self = *poll->owner;
  self.loop_.awake();
  if (status < 0) {
    // libuv has stopped the handle: a RST or another error is pending; the owner's recv will say which.
    self.events_ = 0;
    events = UV_READABLE | UV_WRITABLE;
  }
  self.handler_.on_socket_ready((events & UV_READABLE) != 0, (events & UV_WRITABLE) != 0);
}

void Socket::close() {
  if (poll_ == nullptr) return;
  loop_.forget_flush(handler_);
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_->handle),
           [](uv_handle_t* handle) { delete static_cast<Poll*>(handle->data); });
  poll_ = nullptr;
  ::close(fd_);
  fd_ = -1;
}

}  // namespace transom::io
