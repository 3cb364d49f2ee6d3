#include "node/control_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "node/control.h"

namespace transom::node {
namespace {

using nlohmann::json;

/// The mode of the socket keeps others out already; this holds where somebody widened it.
bool may_command(int fd) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return false;
  if (peer.uid == geteuid() || peer.uid == 0) return true;
  log_warn("refused a command of user id {} (PID {}) on the control socket", peer.uid, peer.pid);
  return false;
}

std::string line_of(const json& answer) { return answer.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"; }

}  // namespace

/// One connection: reads a request, writes an answer, goes.
class ControlServer::Client final : public io::Socket::Handler, public std::enable_shared_from_this<Client> {
 public:
  Client(ControlServer& server, int fd)
      : server_(server), socket_(server.loop_, fd, *this), deadline_(server.loop_.timers(), &Client::expire, this) {
    deadline_.start(kDeadlineMs);
    socket_.watch(true, false);
  }
  ~Client() override { socket_.close(); }

  void close() {
    deadline_.cancel();
    socket_.close();
  }

 private:
  static void expire(void* client) {
    auto& self = *static_cast<Client*>(client);
    self.server_.dismiss(self);
  }

  void on_socket_ready(bool /*readable*/, bool /*writable*/) override {
    const auto keep = shared_from_this();
    if (answer_.empty()) {
      receive();
    } else {
      send_more();
    }
  }
  void on_flush() override {}

  void receive() {
    char piece[1024];
    const ssize_t count = recv(socket_.fd(), piece, sizeof piece, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0 || request_.size() + static_cast<std::size_t>(count) > kMaxControlRequest) {
      return server_.dismiss(*this);
    }
    request_.append(piece, static_cast<std::size_t>(count));
    const auto end = request_.find('\n');
    if (end == std::string::npos) return;
    socket_.watch(false, false);
    request_.resize(end);
    obey();
  }

  void obey() {
    const json request = json::parse(request_, nullptr, false);
    const json command = request.is_object() ? request.value("command", json()) : json();
    if (command == "status") {
      const bool sessions = request.value("sessions", json()) == true;
      return (sessions ? server_.handlers_.sessions : server_.handlers_.status)(answer_later());
    }
    if (command == "reload") {
      log_info("reloading: told to over the control socket");
      deadline_.start(kReloadMs);
      return server_.handlers_.reload(answer_later());
    }
    if (command == "stop") {
      log_info("stopping: told to over the control socket");
      answer({{"ok", true}, {"pid", getpid()}});
      return server_.handlers_.stop();
    }
    answer({{"ok", false}, {"error", R"({"command": ...} is one of "status", "reload" and "stop")"}});
  }

  std::function<void(json)> answer_later() {
    return [weak = weak_from_this()](json content) {
      const auto self = weak.lock();
      if (!self || !self->socket_.open()) return;
      content["ok"] = true;
      self->deadline_.start(kDeadlineMs);
      self->answer(content);
    };
  }

  void answer(const json& content) {
    answer_ = line_of(content);
    send_more();
  }

  void send_more() {
    const ssize_t count = send(socket_.fd(), answer_.data() + sent_, answer_.size() - sent_, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return server_.dismiss(*this);
    if (count > 0) sent_ += static_cast<std::size_t>(count);
    if (sent_ == answer_.size()) return server_.dismiss(*this);
    socket_.watch(false, true);
  }

  ControlServer& server_;
  io::Socket socket_;
  io::Timer deadline_;
  std::string request_, answer_;
  std::size_t sent_ = 0;
};

ControlServer::ControlServer(io::Loop& loop, serve::UniqueFd listener, ControlHandlers handlers)
    : loop_(loop),
      handlers_(std::move(handlers)),
      listener_(loop, listener.release(), *this),
      resume_(
          loop.timers(), [](void* self) { static_cast<ControlServer*>(self)->listener_.watch(true, false); }, this) {
  listener_.watch(true, false);
}

ControlServer::~ControlServer() {
  for (const auto& client : clients_) client->close();
}

void ControlServer::on_socket_ready(bool /*readable*/, bool /*writable*/) { accept_one(); }

void ControlServer::accept_one() {
  serve::UniqueFd connection(accept4(listener_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!connection) {
    // Without descriptors the socket would stay readable and the loop spin: it looks again a little later.
    if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
      listener_.watch(false, false);
      resume_.start(kPauseMs);
    }
    return;
  }
  if (may_command(connection.get())) admit(std::move(connection));
}

void ControlServer::admit(serve::UniqueFd connection) {
  clients_.push_back(std::make_shared<Client>(*this, connection.release()));
  if (clients_.size() >= kMaxClients) listener_.watch(false, false);  // the rest waits in the backlog
}

/// The caller may be inside the client: what holds it longest is the client's own reference.
void ControlServer::dismiss(Client& client) {
  const auto keep = client.shared_from_this();
  client.close();
  clients_.remove(keep);
  listener_.watch(true, false);
}

}  // namespace transom::node
