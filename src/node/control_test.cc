#include "node/control.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "node/control_server.h"
#include "node/files/test_directory.h"
#include "node/node_lock.h"

namespace transom::node {
namespace {

using nlohmann::json;

/// A loop with a control server; the test's thread asks while `serve` runs the loop in its own.
struct Server {
  explicit Server(const std::string& directory) {
    auto listener = bind_control_socket(directory);
    EXPECT_TRUE(listener) << listener.error().message;
    ControlHandlers handlers;
    handlers.status = [this](std::function<void(json)> done) {
      loop.post([done = std::move(done)] { done({{"pid", 1}, {"big", std::string(300'000, 'x')}}); });
    };
    handlers.reload = [](std::function<void(json)> done) { done({{"parts", json::array()}}); };
    handlers.sessions = [](std::function<void(json)> done) { done({{"total", 7}}); };
    handlers.stop = [this] {
      stopped = true;
      loop.stop();
    };
    server.emplace(loop, std::move(*listener), std::move(handlers));
    thread = std::thread([this] { loop.run(); });
  }
  ~Server() {
    loop.post([this] { loop.stop(); });
    thread.join();
    server.reset();
  }
  io::Loop loop;
  std::optional<ControlServer> server;
  std::thread thread;
  std::atomic<bool> stopped{false};
};

json ask(const std::string& directory, const std::string& request) {
  const auto answer = ask_node(directory, request, 5000);
  return answer ? json::parse(*answer) : json(answer.error().message);
}

TEST(Control, AnswersStatusAndStop) {
  const TestDirectory directory;
  Server server(directory.path());
  struct stat status {};
  ASSERT_EQ(stat((directory.path() + "/control.sock").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  for (int i = 0; i < 20; ++i) {
    const json answer = ask(directory.path(), R"({"command":"status"})");
    EXPECT_EQ(answer["pid"], 1);
    EXPECT_EQ(answer["ok"], true);
    EXPECT_EQ(answer["big"].get<std::string>().size(), 300'000U);
  }
  EXPECT_EQ(ask(directory.path(), R"({"command":"reload"})"), json({{"ok", true}, {"parts", json::array()}}));
  EXPECT_EQ(ask(directory.path(), R"({"command":"status","sessions":true})")["total"], 7);
  EXPECT_EQ(ask(directory.path(), R"({"command":"status","sessions":"yes"})")["pid"], 1);
  for (const char* bad : {"", "[]", "nonsense", R"({"command":7})", R"({"command":"reboot"})", "\xff"}) {
    EXPECT_EQ(ask(directory.path(), bad)["ok"], false) << bad;
  }
  const json answer = ask(directory.path(), R"({"command":"stop"})");
  EXPECT_EQ(answer["pid"], getpid());
  server.thread.join();
  EXPECT_TRUE(server.stopped);
  server.thread = std::thread([] {});
}

TEST(Control, AnEndlessRequestIsCutOff) {
  const TestDirectory directory;
  Server server(directory.path());
  EXPECT_FALSE(ask_node(directory.path(), std::string(2 * kMaxControlRequest, ' '), 5000));
  EXPECT_EQ(ask(directory.path(), R"({"command":"status"})")["pid"], 1);
}

TEST(Control, ADeadSocketIsReplacedAndALongPathServed) {
  const TestDirectory directory;
  const std::string deep = directory.path() + "/" + std::string(120, 'd');
  std::filesystem::create_directory(deep);
  { const auto dead = bind_control_socket(deep); }
  EXPECT_FALSE(ask_node(deep, "{}", 1000)) << "nobody listens";
  Server server(deep);
  EXPECT_EQ(ask(deep, R"({"command":"status"})")["pid"], 1);
}

TEST(NodeLock, IsHeldOnceAndAskingDoesNotTakeIt) {
  const TestDirectory directory;
  EXPECT_FALSE(holder_of(directory.path())->held);
  {
    auto lock = NodeLock::acquire(directory.path());
    ASSERT_TRUE(lock) << lock.error().message;
    ASSERT_TRUE(lock->write_pid_file({"transom", "start"}, {{"port", 1}}));
    EXPECT_TRUE(std::filesystem::exists(directory.path() + "/node.pid"));
    EXPECT_FALSE(NodeLock::acquire(directory.path()));
    const auto holder = holder_of(directory.path());
    ASSERT_TRUE(holder);
    EXPECT_TRUE(holder->held);
    EXPECT_EQ(holder->pid, getpid());
  }
  EXPECT_FALSE(std::filesystem::exists(directory.path() + "/node.pid"));
  EXPECT_FALSE(holder_of(directory.path())->held);
  EXPECT_TRUE(NodeLock::acquire(directory.path()));
  EXPECT_FALSE(NodeLock::acquire(directory.path() + "/none"));
  EXPECT_FALSE(holder_of(directory.path() + "/none")->held);
}

}  // namespace
}  // namespace transom::node
