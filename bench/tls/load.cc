// The generator of the TLS benchmark: one thread, epoll, OpenSSL. It measures the CPU time of the server, not its own
// speed. It rests for a part of its time, since one at its limit measures nothing: a server need not wake it then,
// which makes each answer cheaper, and the cheaper the server, the more so. How busy it was is in its report.
//
// usage: load handshake|get|idle PORT PID KEY VERSION [option=value...]
//   KEY ecdsa or rsa, VERSION 1.2 or 1.3; options: connections=16 seconds=2 resume=0 path=/1k busy=0.8
// prints one line of JSON: operations, microseconds of server CPU for each, octets, ...
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kLeastRest = 0.0002;  // seconds; shorter ones would be rounded up by the kernel's timers

struct Options {
  std::string what, key, version, path = "/1k";
  int port = 0, pid = 0, connections = 16;
  double seconds = 2;
  double busy = 0.8;  // of the generator's own time, at most
  bool resume = false;
};

struct Totals {
  std::uint64_t operations = 0, resumed = 0, tickets = 0, octets = 0, failed = 0;
};

[[noreturn]] void stop(const std::string& what) {
  std::fprintf(stderr, "load: %s\n", what.c_str());
  std::exit(1);
}

/// Of all threads of the server; the kernel counts nanoseconds here.
double server_cpu_seconds(int pid) {
  double total = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    double nanoseconds = 0;
    std::ifstream(task.path() / "schedstat") >> nanoseconds;
    total += nanoseconds / 1e9;
  }
  return total;
}

double own_cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double seconds_since(Clock::time_point time) { return std::chrono::duration<double>(Clock::now() - time).count(); }

double memory_kib(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/smaps_rollup");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("Rss:", 0) == 0) return std::atof(line.c_str() + 4);
  }
  stop("cannot read the memory of the server");
}

class Load;

struct Connection {
  enum class State { connecting, handshaking, answering, draining } state = State::connecting;
  int fd = -1;
  SSL* ssl = nullptr;
  SSL_SESSION* session = nullptr;  // of an earlier connection, to resume
  std::string head;
  std::size_t left = 0;  // of the body
  bool in_body = false;
  Load* load = nullptr;
};

class Load {
 public:
  explicit Load(Options options) : options_(std::move(options)), epoll_(epoll_create1(0)) {
    context_ = SSL_CTX_new(TLS_client_method());
    const int version = options_.version == "1.2" ? TLS1_2_VERSION : TLS1_3_VERSION;
    SSL_CTX_set_min_proto_version(context_, version);
    SSL_CTX_set_max_proto_version(context_, version);
    const bool rsa = options_.key == "rsa";
    SSL_CTX_set1_sigalgs_list(context_, rsa ? "RSA-PSS+SHA256" : "ECDSA+SHA256");
    SSL_CTX_set_cipher_list(context_, rsa ? "ECDHE-RSA-AES128-GCM-SHA256" : "ECDHE-ECDSA-AES128-GCM-SHA256");
    SSL_CTX_set_ciphersuites(context_, "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set1_groups_list(context_, "X25519:P-256");  // the second for certificates of TLS 1.2
    SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context_, [](SSL* ssl, SSL_SESSION* session) {
      return static_cast<Connection*>(SSL_get_app_data(ssl))->load->keep(ssl, session);
    });
    request_ = "GET " + options_.path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  }

  void run() {
    std::vector<Connection> connections(static_cast<std::size_t>(options_.connections));
    for (Connection& connection : connections) {
      connection.load = this;
      begin(connection);
    }
    // Not counted: tickets are collected, caches filled.
    while (totals_.operations < 3 * connections.size()) turn(20);
    totals_ = {};
    const double server = server_cpu_seconds(options_.pid), own = own_cpu_seconds();
    const auto began = Clock::now();
    turn_for(options_.seconds);
    const double wall = seconds_since(began);
    report(server_cpu_seconds(options_.pid) - server, own_cpu_seconds() - own, wall);
  }

  /// Opens all, lets them be, and compares the server's memory with that before.
  void run_idle() {
    std::vector<Connection> warm(20), connections(static_cast<std::size_t>(options_.connections));
    open_all(warm);
    const double before = memory_kib(options_.pid);
    open_all(connections);
    const double grown = memory_kib(options_.pid) - before;
    std::printf("{\"operations\": %d, \"kib_each\": %.3f}\n", options_.connections, grown / options_.connections);
  }

 private:
  /// Some at a time: one after the other would take longer than a server lets an idle connection be.
  void open_all(std::vector<Connection>& connections) {
    constexpr std::uint64_t kAtATime = 128;
    const std::uint64_t before = idle_;
    for (std::size_t begun = 0; begun < connections.size(); ++begun) {
      while (begun - (idle_ - before) >= kAtATime) turn(50);
      connections[begun].load = this;
      begin(connections[begun]);
    }
    while (idle_ - before < connections.size()) turn(50);
    turn_for(0.3);
  }

  int keep(SSL* ssl, SSL_SESSION* session) {
    ++totals_.tickets;
    if (!options_.resume) return 0;
    auto* connection = static_cast<Connection*>(SSL_get_app_data(ssl));
    SSL_SESSION_free(connection->session);
    connection->session = session;
    return 1;
  }

  void watch(Connection& connection, int operation, std::uint32_t what) {
    epoll_event event{};
    event.events = what;
    event.data.ptr = &connection;
    epoll_ctl(epoll_, operation, connection.fd, &event);
  }

  void begin(Connection& connection) {
    connection.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int one = 1;
    setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(options_.port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(connection.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) {
      stop("cannot connect");
    }
    connection.ssl = SSL_new(context_);
    SSL_set_fd(connection.ssl, connection.fd);
    SSL_set_connect_state(connection.ssl);
    SSL_set_app_data(connection.ssl, &connection);
    SSL_set_tlsext_host_name(connection.ssl, "localhost");
    if (connection.session != nullptr) SSL_set_session(connection.ssl, connection.session);
    connection.state = Connection::State::connecting;
    connection.in_body = false;
    connection.head.clear();
    watch(connection, EPOLL_CTL_ADD, EPOLLOUT);
  }

  void again(Connection& connection) {
    SSL_free(connection.ssl);
    close(connection.fd);
    begin(connection);
  }

  void turn_for(double seconds) {
    const auto began = Clock::now();
    const double own = own_cpu_seconds();
    double passed = 0;
    while ((passed = seconds_since(began)) < seconds) {
      turn(20);
      const double rest = (own_cpu_seconds() - own) / options_.busy - passed;
      if (rest > kLeastRest) std::this_thread::sleep_for(std::chrono::duration<double>(rest));
    }
  }

  void turn(int timeout_ms) {
    epoll_event events[256];
    const int count = epoll_wait(epoll_, events, 256, timeout_ms);
    for (int i = 0; i < count; ++i) {
      auto& connection = *static_cast<Connection*>(events[i].data.ptr);
      ERR_clear_error();
      if (connection.state == Connection::State::connecting) {
        connection.state = Connection::State::handshaking;
        watch(connection, EPOLL_CTL_MOD, EPOLLIN);
      }
      if (connection.state == Connection::State::handshaking) {
        handshake(connection);
      } else if (connection.state == Connection::State::answering) {
        read_answer(connection);
      } else {
        drain(connection);
      }
    }
  }

  void handshake(Connection& connection) {
    const int result = SSL_do_handshake(connection.ssl);
    if (result != 1) {
      if (SSL_get_error(connection.ssl, result) == SSL_ERROR_WANT_READ) return;
      if (++totals_.failed > 10) stop("handshakes fail");
      return again(connection);
    }
    if (SSL_session_reused(connection.ssl) == 1) ++totals_.resumed;
    if (options_.what == "idle") {
      ++idle_;
      connection.state = Connection::State::draining;
    } else if (options_.what == "get") {
      connection.state = Connection::State::answering;
      ask(connection);
    } else {
      SSL_shutdown(connection.ssl);
      shutdown(connection.fd, SHUT_WR);
      connection.state = Connection::State::draining;
      drain(connection);
    }
  }

  /// To the end of the connection, tickets among it. With idle ones, to what is there now.
  void drain(Connection& connection) {
    char octets[4096];
    int got = 0;
    while ((got = SSL_read(connection.ssl, octets, sizeof octets)) > 0) {
    }
    if (SSL_get_error(connection.ssl, got) == SSL_ERROR_WANT_READ) return;
    if (options_.what == "idle") stop("the server ended an idle connection");
    if (SSL_get_error(connection.ssl, got) == SSL_ERROR_ZERO_RETURN && recv(connection.fd, octets, 1, 0) < 0) return;
    ++totals_.operations;
    again(connection);
  }

  void ask(Connection& connection) {
    if (SSL_write(connection.ssl, request_.data(), static_cast<int>(request_.size())) <= 0) stop("cannot ask");
  }

  void read_answer(Connection& connection) {
    static char octets[64 << 10];
    for (int got = 0; (got = SSL_read(connection.ssl, octets, sizeof octets)) > 0;) {
      const auto size = static_cast<std::size_t>(got);
      totals_.octets += size;
      if (connection.in_body) {
        connection.left -= size;
      } else if (!read_head(connection, octets, size)) {
        continue;
      }
      if (connection.left > 0) continue;
      ++totals_.operations;
      connection.in_body = false;
      connection.head.clear();
      ask(connection);
    }
  }

  static bool read_head(Connection& connection, const char* octets, std::size_t size) {
    connection.head.append(octets, size);
    const std::size_t end = connection.head.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    if (connection.head.compare(0, 12, "HTTP/1.1 200") != 0) stop("the answer is " + connection.head.substr(0, 40));
    const char* field = strcasestr(connection.head.c_str(), "content-length:");
    if (field == nullptr) stop("an answer without Content-Length");
    connection.left = std::strtoull(field + 15, nullptr, 10) - (connection.head.size() - end - 4);
    connection.in_body = true;
    return true;
  }

  void report(double server, double own, double wall) const {
    const auto operations = static_cast<double>(std::max<std::uint64_t>(totals_.operations, 1));
    std::printf(
        "{\"operations\": %lu, \"us_each\": %.3f, \"s_per_gb\": %.4f, \"resumed\": %.3f, \"tickets\": %.2f, "
        "\"failed\": %lu, \"generator\": %.3f, \"server\": %.3f}\n",
        totals_.operations, server / operations * 1e6,
        totals_.octets == 0 ? 0.0 : server / static_cast<double>(totals_.octets) * 1e9,
        static_cast<double>(totals_.resumed) / operations, static_cast<double>(totals_.tickets) / operations,
        totals_.failed, own / wall, server / wall);
  }

  Options options_;
  int epoll_;
  SSL_CTX* context_;
  std::string request_;
  Totals totals_;
  std::uint64_t idle_ = 0;
};

Options read_options(int count, char** arguments) {
  if (count < 6) stop("usage: load handshake|get|idle PORT PID KEY VERSION [option=value...]");
  Options options;
  options.what = arguments[1];
  options.port = std::atoi(arguments[2]);
  options.pid = std::atoi(arguments[3]);
  options.key = arguments[4];
  options.version = arguments[5];
  for (int i = 6; i < count; ++i) {
    const std::string argument = arguments[i];
    const std::string name = argument.substr(0, argument.find('=')), value = argument.substr(argument.find('=') + 1);
    if (name == "connections") options.connections = std::stoi(value);
    if (name == "seconds") options.seconds = std::stod(value);
    if (name == "resume") options.resume = value == "1";
    if (name == "path") options.path = value;
    if (name == "busy") options.busy = std::stod(value);
  }
  return options;
}

}  // namespace

int main(int count, char** arguments) {
  std::signal(SIGPIPE, SIG_IGN);
  const Options options = read_options(count, arguments);
  Load load(options);
  options.what == "idle" ? load.run_idle() : load.run();
}
