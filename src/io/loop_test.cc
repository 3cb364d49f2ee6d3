#include "io/loop.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "io/socket.h"

namespace transom::io {
namespace {

TEST(Loop, MailFromAnotherThreadWakesItInOrder) {
  Loop loop;
  std::vector<int> seen;
  std::thread sender([&] {
    for (int i = 0; i < 10'000; ++i) loop.post([&seen, i] { seen.push_back(i); });
    loop.post([&loop] { loop.stop(); });
  });
  loop.run();
  sender.join();
  ASSERT_EQ(seen.size(), 10'000u);
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(seen[static_cast<std::size_t>(i)], i);
}

TEST(Loop, OffloadedWorkRunsElsewhereAndEndsHere) {
  Loop loop;
  const auto here = std::this_thread::get_id();
  std::thread::id worked, done;
  loop.offload([&] { worked = std::this_thread::get_id(); },
               [&] {
                 done = std::this_thread::get_id();
                 loop.stop();
               });
  loop.run();
  EXPECT_NE(worked, here);
  EXPECT_EQ(done, here);
}

TEST(TimerWheel, FiresInOrderAndOnce) {
  Loop loop;
  std::vector<int> fired;
  struct Owner {
    std::vector<int>& fired;
    int name;
    Loop* stop;
  };
  Owner early{fired, 1, nullptr}, late{fired, 2, &loop}, never{fired, 3, nullptr};
  auto callback = [](void* owner) {
    auto* self = static_cast<Owner*>(owner);
    self->fired.push_back(self->name);
    if (self->stop != nullptr) self->stop->stop();
  };
  Timer first(loop.timers(), callback, &early), second(loop.timers(), callback, &late),
      third(loop.timers(), callback, &never);
  second.start(400);
  first.start(100);
  third.start(200);
  third.cancel();
  loop.run();
  EXPECT_EQ(fired, (std::vector<int>{1, 2}));
  EXPECT_FALSE(first.armed());
}

TEST(TimerWheel, LongDelaysSurviveFullRoundsOfTheWheel) {
  Loop loop;
  bool fired = false;
  Timer timer(
      loop.timers(), [](void* owner) { *static_cast<bool*>(owner) = true; }, &fired);
  timer.start(TimerWheel::kTickMs * TimerWheel::kSlots * 3);
  Timer stop(
      loop.timers(), [](void* owner) { static_cast<Loop*>(owner)->stop(); }, &loop);
  stop.start(200);
  loop.run();
  EXPECT_FALSE(fired);
  EXPECT_TRUE(timer.armed());
}

struct Reader : Socket::Handler {
  Loop* loop = nullptr;
  Socket* socket = nullptr;
  int flushes = 0, reads = 0;
  void on_socket_ready(bool, bool) override {
    char octet;
    if (recv(socket->fd(), &octet, 1, 0) <= 0) return;
    if (++reads == 2) loop->stop();
    loop->want_flush(*this);
    loop->want_flush(*this);
  }
  void on_flush() override { ++flushes; }
};

TEST(Socket, TellsOfOctetsAndFlushesOncePerTurn) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
  Loop loop;
  Reader reader;
  Socket socket(loop, pair[0], reader);
  reader.loop = &loop;
  reader.socket = &socket;
  socket.watch(true, false);
  ASSERT_EQ(write(pair[1], "ab", 2), 2);
  loop.run();
  EXPECT_EQ(reader.reads, 2);
  EXPECT_EQ(reader.flushes, 2);
  close(pair[1]);
}

}  // namespace
}  // namespace transom::io
