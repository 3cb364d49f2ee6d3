// The floor of the TLS benchmark: the least that a server of one thread on epoll and OpenSSL can cost. It has the
// tickets, groups and buffers of Transom and nothing else: no limits, no timers, no HTTP beyond the end of a head.
//
// usage: floor PORT CERTIFICATE KEY FIELDS FILE...
//   serves each FILE under its own name, the small ones from memory; the lines in the file FIELDS go into every head
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t kFromMemory = 64 << 10;
constexpr std::size_t kPiece = 16 << 10;  // one record

struct File {
  int fd;
  std::size_t size;
  std::string head, body;  // the body only up to kFromMemory
};

struct Connection {
  int fd;
  SSL* ssl;
  std::string head;            // octets of a request that is not whole
  const File* file = nullptr;  // under way, when it is large
  std::size_t offset = 0;
  bool waits_to_write = false;
};

[[noreturn]] void stop(const char* what) {
  std::perror(what);
  std::exit(1);
}

SSL_CTX* make_context(const char* certificate, const char* key) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384");
  if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1) stop(certificate);
  if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) stop(key);
  return context;
}

std::map<std::string, File, std::less<>> open_files(const char* fields_file, char** first, char** last) {
  std::ifstream in(fields_file);
  if (!in) stop(fields_file);
  const std::string fields((std::istreambuf_iterator<char>(in)), {});
  std::map<std::string, File, std::less<>> files;
  for (; first != last; ++first) {
    File file{open(*first, O_RDONLY), std::filesystem::file_size(*first), "", ""};
    if (file.fd < 0) stop(*first);
    file.head = "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: " + std::to_string(file.size) + "\r\n\r\n";
    if (file.size <= kFromMemory) {
      file.body.resize(file.size);
      if (pread(file.fd, file.body.data(), file.size, 0) < 0) stop(*first);
    }
    files["/" + std::filesystem::path(*first).filename().string()] = std::move(file);
  }
  return files;
}

int listen_on(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd, 511) != 0) stop("listen");
  return fd;
}

class Server {
 public:
  Server(int port, SSL_CTX* context, std::map<std::string, File, std::less<>> files)
      : context_(context), files_(std::move(files)), listener_(listen_on(port)), epoll_(epoll_create1(0)) {
    watch(EPOLL_CTL_ADD, listener_, EPOLLIN, nullptr);
  }

  [[noreturn]] void run() {
    std::vector<epoll_event> events(512);
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
        if (connection == nullptr) {
          accept_all();
        } else if (!serve(*connection)) {
          end(connection);
        }
      }
    }
  }

 private:
  void watch(int operation, int fd, std::uint32_t what, Connection* connection) {
    epoll_event event{};
    event.events = what;
    event.data.ptr = connection;
    epoll_ctl(epoll_, operation, fd, &event);
  }

  void accept_all() {
    for (int fd; (fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
      auto* connection = new Connection{fd, SSL_new(context_), {}};
      SSL_set_fd(connection->ssl, fd);
      SSL_set_accept_state(connection->ssl);
      watch(EPOLL_CTL_ADD, fd, EPOLLIN, connection);
    }
  }

  static void end(Connection* connection) {
    SSL_shutdown(connection->ssl);
    SSL_free(connection->ssl);
    close(connection->fd);
    delete connection;
  }

  /// False: it is over.
  bool serve(Connection& connection) {
    if (connection.file != nullptr && !send_more(connection)) return false;
    char octets[kPiece];
    while (connection.file == nullptr) {
      const int got = SSL_read(connection.ssl, octets, sizeof octets);
      if (got <= 0) return SSL_get_error(connection.ssl, got) == SSL_ERROR_WANT_READ;
      connection.head.append(octets, static_cast<std::size_t>(got));
      if (!answer(connection)) return false;
    }
    return true;
  }

  bool answer(Connection& connection) {
    const std::size_t end = connection.head.find("\r\n\r\n");
    if (end == std::string::npos) return true;
    const std::string_view head(connection.head);
    const auto file = files_.find(head.substr(4, head.find(' ', 4) - 4));
    if (file == files_.end()) return false;
    connection.head.erase(0, end + 4);
    const std::string answer = file->second.head + file->second.body;
    if (SSL_write(connection.ssl, answer.data(), static_cast<int>(answer.size())) <= 0) return false;
    if (!file->second.body.empty()) return true;
    connection.file = &file->second;
    connection.offset = 0;
    return send_more(connection);
  }

  bool send_more(Connection& connection) {
    char octets[kPiece];
    while (connection.offset < connection.file->size) {
      const ssize_t got = pread(connection.file->fd, octets, sizeof octets, static_cast<off_t>(connection.offset));
      if (got <= 0) return false;
      SSL_set_mode(connection.ssl, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
      const int sent = SSL_write(connection.ssl, octets, static_cast<int>(got));
      if (sent <= 0) {
        if (!connection.waits_to_write) watch(EPOLL_CTL_MOD, connection.fd, EPOLLOUT, &connection);
        connection.waits_to_write = true;
        return SSL_get_error(connection.ssl, sent) == SSL_ERROR_WANT_WRITE;
      }
      connection.offset += static_cast<std::size_t>(sent);
    }
    if (connection.waits_to_write) watch(EPOLL_CTL_MOD, connection.fd, EPOLLIN, &connection);
    connection.waits_to_write = false;
    connection.file = nullptr;
    return true;
  }

  SSL_CTX* context_;
  std::map<std::string, File, std::less<>> files_;
  int listener_, epoll_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count < 6) {
    std::fputs("usage: floor PORT CERTIFICATE KEY FIELDS FILE...\n", stderr);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  Server(std::atoi(arguments[1]), make_context(arguments[2], arguments[3]),
         open_files(arguments[4], arguments + 5, arguments + count))
      .run();
}
