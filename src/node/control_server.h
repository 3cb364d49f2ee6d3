// The node's end of its control socket.
#pragma once
#include <functional>
#include <list>
#include <memory>
#include <nlohmann/json_fwd.hpp>

#include "io/loop.h"
#include "io/socket.h"
#include "io/timer.h"
#include "serve/unique_fd.h"

namespace transom::node {

/// What the node does for a request.
struct ControlHandlers {
  /// Calls `done` with the status, now or later, on the loop's thread.
  std::function<void(std::function<void(nlohmann::json)> done)> status;
  /// The same with the open sessions.
  std::function<void(std::function<void(nlohmann::json)> done)> sessions;
  /// Calls `done` with what became of each part.
  std::function<void(std::function<void(nlohmann::json)> done)> reload;
  std::function<void()> stop;
};

/// Lives on core 0's loop, which outlives it. Serves this user and root only, few clients at a time, each with a limit
/// on its request and a deadline; the protocol stands in control.h.
class ControlServer final : private io::Socket::Handler {
 public:
  static constexpr std::size_t kMaxClients = 8;
  static constexpr std::uint64_t kDeadlineMs = 5'000;
  static constexpr std::uint64_t kReloadMs = 60'000;  // files may be slow, and so may be an OCSP responder

  ControlServer(io::Loop& loop, serve::UniqueFd listener, ControlHandlers handlers);
  ~ControlServer() override;
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  class Client;
  static constexpr std::uint64_t kPauseMs = 200;

  void on_socket_ready(bool readable, bool writable) override;
  void on_flush() override {}
  void accept_one();
  void admit(serve::UniqueFd connection);
  void dismiss(Client& client);

  io::Loop& loop_;
  ControlHandlers handlers_;
  std::list<std::shared_ptr<Client>> clients_;
  io::Socket listener_;
  io::Timer resume_;
};

}  // namespace transom::node
