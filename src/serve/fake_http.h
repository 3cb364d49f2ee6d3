// For tests: a connection and a core that HttpLayer can be driven with, without sockets and threads.
#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "serve/connection.h"
#include "serve/http_host.h"
#include "serve/http_layer.h"

namespace transom::serve {

/// Keeps what is sent and remembers what was asked of it.
class FakeConnection final : public HttpConnection {
 public:
  const std::string& peer() const override { return peer_name; }
  bool secure() const override { return tls; }
  void send(ByteSpan octets) override {
    if (closed) return;
    sent += as_text(octets);
    queued += stalled ? octets.size() : 0;
  }
  void send(FramePtr frame) override { send(frame->bytes()); }
  std::size_t queued_octets() const override { return queued; }
  bool closing() const override { return closed.has_value(); }
  void close(CloseReason reason) override { closed = reason; }
  void abort(CloseReason reason) override { aborted = closed = reason; }
  void replace_layer(std::unique_ptr<Layer> layer, ByteSpan octets) override {
    replaced = true;
    next_layer = std::move(layer);
    leftover = as_text(octets);
  }
  void set_deadline(std::uint64_t delay_ms) override { deadline_ms = delay_ms; }
  void pause_reading(bool paused) override { reading_paused = paused; }
  void set_established() override { established = true; }

  std::string take() { return std::exchange(sent, {}); }

  std::string peer_name = "192.0.2.7:4711", sent, leftover;
  bool tls = true, stalled = false, replaced = false, reading_paused = false, established = false;
  std::size_t queued = 0;  // grows with what is sent while `stalled`
  std::optional<CloseReason> closed, aborted;
  std::unique_ptr<Layer> next_layer;
  std::uint64_t deadline_ms = 0;
};

/// Runs offloaded work when told to.
class FakeHost final : public HttpHost {
 public:
  void offload(std::function<void()> work, std::function<void()> done) override {
    waiting.emplace_back(std::move(work), std::move(done));
  }
  void next_turn(std::function<void()> task) override { waiting.emplace_back(nullptr, std::move(task)); }
  std::int64_t unix_seconds() override { return now; }

  bool run_one() {
    if (waiting.empty()) return false;
    auto [work, done] = std::move(waiting.front());
    waiting.pop_front();
    if (work) ++offloaded;
    if (work) work();
    done();
    return true;
  }
  void run_all() {
    while (run_one()) {
    }
  }

  std::deque<std::pair<std::function<void()>, std::function<void()>>> waiting;
  int offloaded = 0;               // pieces of work that were run
  std::int64_t now = 784'111'777;  // Sun, 06 Nov 1994 08:49:37 GMT
};

/// A connection with its HTTP layer on a site.
class HttpClient {
 public:
  explicit HttpClient(const Site& site) : site_(site) { reconnect(); }

  void reconnect() {
    layer.reset();
    connection = std::make_unique<FakeConnection>();
    layer = std::make_unique<HttpLayer>(*connection, host, site_, [this](const WebSocketConfig&, WebSocketRequest r) {
      websocket = std::move(r);
      return std::unique_ptr<Layer>();
    });
  }
  void feed(std::string octets) { layer->on_octets({reinterpret_cast<std::uint8_t*>(octets.data()), octets.size()}); }
  /// Sends and gives what came back, after all work is done.
  std::string ask(const std::string& octets) {
    feed(octets);
    host.run_all();
    return connection->take();
  }
  std::string get(const std::string& target, const std::string& fields = {}) {
    return ask("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n");
  }

  FakeHost host;
  std::unique_ptr<FakeConnection> connection;
  std::unique_ptr<HttpLayer> layer;
  std::optional<WebSocketRequest> websocket;

 private:
  const Site& site_;
};

inline int status_of(const std::string& response) {
  return response.starts_with("HTTP/1.1 ") ? std::stoi(response.substr(9, 3)) : 0;
}
inline std::string field_of(const std::string& response, const std::string& name) {
  const auto at = response.find("\r\n" + name + ": ");
  if (at == std::string::npos || at > response.find("\r\n\r\n")) return {};
  const auto begin = at + name.size() + 4;
  return response.substr(begin, response.find("\r\n", begin) - begin);
}
inline std::string body_of(const std::string& response) {
  const auto at = response.find("\r\n\r\n");
  return at == std::string::npos ? "" : response.substr(at + 4);
}

}  // namespace transom::serve
