// One core's event loop on libuv: turns, the flush at their end, wake-ups from other threads, offloaded work.
#pragma once
#include <uv.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "io/mailbox.h"
#include "io/timer.h"

namespace transom::io {

/// Something with output collected during a turn. Flushed once at the end of the turn in which it asked.
class Flushable {
 public:
  virtual ~Flushable() = default;
  virtual void on_flush() = 0;

 private:
  friend class Loop;
  bool flush_wanted_ = false;
};

/// Owned by one thread, which runs it; only `wake`, `post` and `offload`'s work are for other threads.
///
/// A turn: timers, then ready sockets, then mail; at its end all Flushables that asked are flushed, then comes what can
/// wait, and only then the loop sleeps. So everything that one turn causes for one peer leaves in one write.
class Loop {
 public:
  static constexpr std::size_t kReceiveOctets = 256 * 1024;

  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs until `stop`.
  void run();
  void stop();

  uv_loop_t* native() { return &loop_; }
  TimerWheel& timers() { return *timers_; }
  std::uint64_t now_ms() const { return uv_now(&loop_); }
  /// Seconds since 1970, at most one turn old.
  std::int64_t unix_seconds();

  /// The buffer into which every socket of this loop receives; its content lives until the callback returns.
  MutableByteSpan receive_buffer() { return {receive_buffer_.get(), kReceiveOctets}; }
  /// Shared scratch for plaintext and for octets on their way to a socket; empty between callbacks.
  Buffer& plain_scratch() { return plain_scratch_; }
  Buffer& network_scratch() { return network_scratch_; }

  /// Asks for `flushable.on_flush()` at the end of this turn.
  void want_flush(Flushable& flushable);
  /// Must be called when a Flushable that may have asked is destroyed.
  void forget_flush(Flushable& flushable);

  /// Runs `task` on this loop's thread, in order per sender. Any thread.
  void post(std::function<void()> task);
  /// Called on this thread whenever mail may have come, and again before each sleep; set once before `run`. It handles
  /// a bounded part of what there is, so that sockets and timers get their turn, and says whether some is left.
  void set_mail_handler(std::function<bool()> handler) { mail_handler_ = std::move(handler); }
  /// Called on this thread at the end of each turn, when its output is out; set once before `run`. It does a bounded
  /// part of what open sessions must not wait for, and says whether some is left.
  void set_patient_work(std::function<bool()> work) { patient_work_ = std::move(work); }
  /// Makes the loop look at its mail; cheap unless it sleeps. Any thread.
  void wake();

  /// Runs `work` on libuv's thread pool and then `done` here.
  void offload(std::function<void()> work, std::function<void()> done);

 private:
  friend class Socket;
  void end_turn();
  bool handle_mail();
  void flush_all();
  void awake() { asleep_.store(false, std::memory_order_relaxed); }

  uv_loop_t loop_;
  uv_prepare_t prepare_;
  uv_check_t check_;
  uv_async_t async_;
  std::unique_ptr<TimerWheel> timers_;
  std::unique_ptr<std::uint8_t[]> receive_buffer_;
  Buffer plain_scratch_, network_scratch_;
  std::vector<Flushable*> to_flush_, flushing_;
  std::function<bool()> mail_handler_, patient_work_;
  Mailbox<std::function<void()>> tasks_;
  std::vector<std::function<void()>> taken_tasks_;
  std::atomic<bool> asleep_{false};
};

}  // namespace transom::io
