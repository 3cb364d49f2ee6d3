// Many coarse deadlines on one libuv timer: a hashed wheel, one per loop.
#pragma once
#include <uv.h>

#include <array>
#include <cstdint>

namespace transom::io {

class TimerWheel;

/// A deadline inside its owner; owner and wheel live on the same thread. Firing once disarms it.
class Timer {
 public:
  using Callback = void (*)(void* owner);
  Timer(TimerWheel& wheel, Callback callback, void* owner) : wheel_(wheel), callback_(callback), owner_(owner) {}
  ~Timer() { cancel(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Fires between `delay_ms` and `delay_ms` + 2 ticks from now; replaces an earlier deadline.
  void start(std::uint64_t delay_ms);
  void cancel();
  bool armed() const { return next_ != nullptr; }

 private:
  friend class TimerWheel;
  TimerWheel& wheel_;
  Callback callback_;
  void* owner_;
  Timer* next_ = nullptr;
  Timer* previous_ = nullptr;
  std::uint64_t due_tick_ = 0;
};

/// Starting and cancelling are O(1); the libuv timer runs only while a deadline is set and sleeps to the next one that
/// may be due.
class TimerWheel {
 public:
  static constexpr std::uint64_t kTickMs = 100;
  static constexpr std::size_t kSlots = 512;

  explicit TimerWheel(uv_loop_t* loop);
  /// Starts closing the libuv handle; the loop must run once more before it is closed itself.
  void close();

 private:
  friend class Timer;
  struct Slot {
    Timer* first = nullptr;
  };
  std::uint64_t now_tick() const { return uv_now(loop_) / kTickMs; }
  void insert(Timer& timer, std::uint64_t delay_ms);
  void remove(Timer& timer);
  void run_due();
  void run_slot(Slot& slot, std::uint64_t tick);
  void arm();

  uv_loop_t* loop_;
  uv_timer_t handle_;
  std::array<Slot, kSlots> slots_;
  std::uint64_t done_tick_;       // every slot up to this tick has run
  std::uint64_t armed_tick_ = 0;  // what the libuv timer waits for; 0: it is stopped
  std::size_t count_ = 0;
};

}  // namespace transom::io
