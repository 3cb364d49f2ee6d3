#include "io/timer.h"

#include <algorithm>

namespace transom::io {
namespace {

// A timer that is the last of its slot must still say "armed"; it points here instead of to a neighbour.
Timer* end_of_slot() { return reinterpret_cast<Timer*>(std::uintptr_t{1}); }

}  // namespace

void Timer::start(std::uint64_t delay_ms) {
  cancel();
  wheel_.insert(*this, delay_ms);
}

void Timer::cancel() {
  if (armed()) wheel_.remove(*this);
}

TimerWheel::TimerWheel(uv_loop_t* loop) : loop_(loop), done_tick_(uv_now(loop) / kTickMs) {
  uv_timer_init(loop, &handle_);
  handle_.data = this;
}

void TimerWheel::close() { uv_close(reinterpret_cast<uv_handle_t*>(&handle_), nullptr); }

void TimerWheel::insert(Timer& timer, std::uint64_t delay_ms) {
  if (count_ == 0) done_tick_ = now_tick();  // nothing waited, so nothing was missed
  timer.due_tick_ = std::max(now_tick(), done_tick_) + delay_ms / kTickMs + 1;
  Slot& slot = slots_[timer.due_tick_ % kSlots];
  timer.previous_ = nullptr;
  timer.next_ = slot.first != nullptr ? slot.first : end_of_slot();
  if (slot.first != nullptr) slot.first->previous_ = &timer;
  slot.first = &timer;
  ++count_;
  if (armed_tick_ == 0 || timer.due_tick_ < armed_tick_) arm();
}

void TimerWheel::remove(Timer& timer) {
  Timer* const next = timer.next_ == end_of_slot() ? nullptr : timer.next_;
  if (next != nullptr) next->previous_ = timer.previous_;
  if (timer.previous_ != nullptr) {
    timer.previous_->next_ = next != nullptr ? next : end_of_slot();
  } else {
    slots_[timer.due_tick_ % kSlots].first = next;
  }
  timer.next_ = timer.previous_ = nullptr;
  --count_;
}

void TimerWheel::run_due() {
  armed_tick_ = 0;
  const std::uint64_t now = now_tick();
  // After a long stall one round over all slots is enough: each is checked against the current tick.
  std::uint64_t tick = std::max(done_tick_ + 1, now >= kSlots ? now - kSlots + 1 : 0);
  for (; tick <= now; ++tick) {
    done_tick_ = tick;
    run_slot(slots_[tick % kSlots], now);
  }
  done_tick_ = now;
  arm();
}

void TimerWheel::run_slot(Slot& slot, std::uint64_t now) {
  // A callback may start or cancel any timer, this slot's too, so look for the next due one from the front each time.
  for (bool found = true; found;) {
    found = false;
    for (Timer* timer = slot.first; timer != nullptr; timer = timer->next_ == end_of_slot() ? nullptr : timer->next_) {
      if (timer->due_tick_ > now) continue;
      remove(*timer);
      timer->callback_(timer->owner_);
      found = true;
      break;
    }
  }
}

void TimerWheel::arm() {
  if (count_ == 0) {
    uv_timer_stop(&handle_);
    armed_tick_ = 0;
    return;
  }
  std::uint64_t tick = done_tick_ + 1;
  while (slots_[tick % kSlots].first == nullptr) ++tick;
  armed_tick_ = tick;
  const std::uint64_t now = uv_now(loop_), due = tick * kTickMs;
  uv_timer_start(
      &handle_, [](uv_timer_t* handle) { static_cast<TimerWheel*>(handle->data)->run_due(); },
      due > now ? due - now : 0, 0);
}

}  // namespace transom::io
