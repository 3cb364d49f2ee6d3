#include "io/loop.h"

#include <ctime>

namespace transom::io {
namespace {

template <typename Handle>
uv_handle_t* as_handle(Handle& handle) {
  return reinterpret_cast<uv_handle_t*>(&handle);
}

}  // namespace

Loop::Loop() : receive_buffer_(new std::uint8_t[kReceiveOctets]) {
  uv_loop_init(&loop_);
  timers_ = std::make_unique<TimerWheel>(&loop_);
  uv_prepare_init(&loop_, &prepare_);
  uv_check_init(&loop_, &check_);
  uv_async_init(&loop_, &async_, [](uv_async_t*) {});  // only ends the sleep; the check handle reads the mail
  prepare_.data = check_.data = this;
  uv_prepare_start(&prepare_, [](uv_prepare_t* handle) { static_cast<Loop*>(handle->data)->end_turn(); });
  uv_check_start(&check_, [](uv_check_t* handle) {
    auto* loop = static_cast<Loop*>(handle->data);
    loop->awake();
    loop->handle_mail();
  });
}

Loop::~Loop() {
  timers_->close();
  uv_close(as_handle(prepare_), nullptr);
  uv_close(as_handle(check_), nullptr);
  uv_close(as_handle(async_), nullptr);
  // Lets every close callback run, those of sockets too; a `stop` that no run has seen yet ends only the first.
  while (uv_run(&loop_, UV_RUN_DEFAULT) != 0) {
  }
  uv_loop_close(&loop_);
}

void Loop::run() {
  uv_run(&loop_, UV_RUN_DEFAULT);
  end_turn();  // what the last turn caused still leaves
}

void Loop::stop() { uv_stop(&loop_); }

std::int64_t Loop::unix_seconds() { return std::time(nullptr); }

void Loop::want_flush(Flushable& flushable) {
  if (flushable.flush_wanted_) return;
  flushable.flush_wanted_ = true;
  to_flush_.push_back(&flushable);
}

void Loop::forget_flush(Flushable& flushable) {
  if (!flushable.flush_wanted_) return;
  for (auto* list : {&to_flush_, &flushing_}) {
    for (Flushable*& entry : *list) {
      if (entry == &flushable) entry = nullptr;
    }
  }
}

void Loop::post(std::function<void()> task) {
  tasks_.put(std::move(task));
  wake();
}

void Loop::wake() {
  // The sender put its mail before it looks here, the loop sets `asleep_` before it looks into the mail: with
  // sequentially consistent order one of the two sees the other.
  if (asleep_.load(std::memory_order_seq_cst) && asleep_.exchange(false)) uv_async_send(&async_);
}

void Loop::offload(std::function<void()> work, std::function<void()> done) {
  struct Job {
    uv_work_t request;
    std::function<void()> work, done;
  };
  auto* job = new Job{{}, std::move(work), std::move(done)};
  job->request.data = job;
  uv_queue_work(
      &loop_, &job->request, [](uv_work_t* request) { static_cast<Job*>(request->data)->work(); },
      [](uv_work_t* request, int) {
        const std::unique_ptr<Job> finished(static_cast<Job*>(request->data));
        finished->done();
      });
}

void Loop::end_turn() {
  flush_all();
  const bool work_left = patient_work_ && patient_work_();
  flush_all();
  asleep_.store(true, std::memory_order_seq_cst);
  // What came before the mark was set has woken nobody. Looked into once: if it goes on coming, the next turn goes on.
  const bool mail_left = handle_mail();
  flush_all();
  if (mail_left || work_left) {
    awake();
    uv_async_send(&async_);  // ends the coming sleep at once
  }
}

/// True: some is left.
bool Loop::handle_mail() {
  if (tasks_.take(taken_tasks_)) {
    for (auto& task : taken_tasks_) task();
  }
  const bool letters_left = mail_handler_ && mail_handler_();
  return letters_left || !tasks_.empty();
}

void Loop::flush_all() {
  while (!to_flush_.empty()) {
    flushing_.swap(to_flush_);
    for (std::size_t i = 0; i < flushing_.size(); ++i) {
      Flushable* const flushable = flushing_[i];
      if (flushable == nullptr) continue;
      flushing_[i] = nullptr;
      flushable->flush_wanted_ = false;
      flushable->on_flush();
    }
    flushing_.clear();
  }
}

}  // namespace transom::io
