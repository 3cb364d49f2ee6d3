#include "node/ocsp/fetch.h"

#include <fcntl.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/http.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "serve/unique_fd.h"
#include "tls/ocsp_handles.h"
#include "tls/openssl_error.h"

namespace transom::node {
namespace {

using Clock = std::chrono::steady_clock;
using HttpHandle = std::unique_ptr<OSSL_HTTP_REQ_CTX, tls::FreeWith<OSSL_HTTP_REQ_CTX_free>>;
using AddressesHandle = std::unique_ptr<addrinfo, tls::FreeWith<freeaddrinfo>>;

constexpr std::chrono::milliseconds kSlice{100};  // after which a cancelled wait is noticed

/// When a wait has to end.
struct Patience {
  Clock::time_point end;
  const std::atomic<bool>& cancelled;

  bool over() const { return cancelled || Clock::now() >= end; }
  std::chrono::milliseconds left() const {
    return std::max(std::chrono::milliseconds(0),
                    std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()));
  }
  std::chrono::milliseconds slice() const { return std::min(kSlice, left()); }
};

bool wait_for(int fd, short events, const Patience& patience) {
  pollfd waiting{fd, events, 0};
  while (!patience.over()) {
    if (poll(&waiting, 1, static_cast<int>(patience.slice().count()) + 1) > 0) return true;
  }
  return false;
}

struct Place {
  std::string host, port, authority, path;
};

Result<Place> place_of(const std::string& url) {
  char *host = nullptr, *port = nullptr, *path = nullptr;
  int secure = 0;
  const tls::ErrorScope errors;
  if (OSSL_HTTP_parse_url(url.c_str(), &secure, nullptr, &host, &port, nullptr, &path, nullptr, nullptr) != 1 ||
      secure != 0) {
    return fail("its address cannot be understood");
  }
  Place place{host, port, "", path};
  for (char* text : {host, port, path}) OPENSSL_free(text);
  const std::size_t begin = url.find("://") + 3;
  place.authority = url.substr(begin, url.find_first_of("/?#", begin) - begin);
  place.authority.erase(0, place.authority.find('@') + 1);  // the Host field names no user
  return place;
}

/// A look-up that nobody can end: it may outlive the one who waits for it.
struct Lookup {
  std::mutex mutex;
  std::condition_variable ready;
  bool done = false;
  int error = 0;
  AddressesHandle addresses;
};

void look_up(Lookup& lookup, const Place& place) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(place.host.c_str(), place.port.c_str(), &hints, &found);
  const std::lock_guard lock(lookup.mutex);
  lookup.error = error;
  lookup.addresses.reset(found);
  lookup.done = true;
  lookup.ready.notify_all();
}

Result<AddressesHandle> resolve(const Place& place, const Patience& patience) {
  const auto lookup = std::make_shared<Lookup>();
  try {
    std::thread([lookup, place] { look_up(*lookup, place); }).detach();
  } catch (const std::system_error& error) {
    return fail("no thread to look its name up: {}", error.what());
  }
  std::unique_lock lock(lookup->mutex);
  while (!lookup->done && !patience.over()) lookup->ready.wait_for(lock, patience.slice());
  if (!lookup->done) return fail("the name {} could not be looked up in time", place.host);
  if (lookup->error != 0) return fail("the name {} is not known ({})", place.host, gai_strerror(lookup->error));
  return std::move(lookup->addresses);
}

Result<serve::UniqueFd> connect_to(const addrinfo& address, const Patience& patience) {
  serve::UniqueFd fd(socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail("no socket: {}", std::strerror(errno));
  if (connect(fd.get(), address.ai_addr, address.ai_addrlen) == 0) return fd;
  if (errno != EINPROGRESS) return fail("{}", std::strerror(errno));
  if (!wait_for(fd.get(), POLLOUT, patience)) return fail("no answer to a connection attempt");
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) return fail("{}", std::strerror(error));
  return fd;
}

/// Each address gets an equal part of the time that is left.
Result<serve::UniqueFd> connect_to_any(const addrinfo* addresses, const Patience& patience) {
  int left = 0;
  for (const addrinfo* one = addresses; one != nullptr; one = one->ai_next) ++left;
  Result<serve::UniqueFd> last = fail("its name has no address");
  for (const addrinfo* one = addresses; one != nullptr && !patience.over(); one = one->ai_next, --left) {
    last = connect_to(*one, {Clock::now() + patience.left() / left, patience.cancelled});
    if (last) break;
  }
  return last;
}

Result<HttpHandle> make_exchange(BIO* bio, const Place& place, const std::string& get_path,
                                 const tls::OcspQuery& query) {
  HttpHandle http(OSSL_HTTP_REQ_CTX_new(bio, bio, 0));
  const bool get = !get_path.empty();
  bool made = http && OSSL_HTTP_REQ_CTX_set_request_line(http.get(), get ? 0 : 1, nullptr, nullptr,
                                                         get ? get_path.c_str() : place.path.c_str()) == 1;
  made = made && OSSL_HTTP_REQ_CTX_add1_header(http.get(), "Host", place.authority.c_str()) == 1;
  made = made && OSSL_HTTP_REQ_CTX_set_expected(http.get(), "application/ocsp-response", 1, 0, 0) == 1;
  if (made && !get) {
    const auto* at = reinterpret_cast<const unsigned char*>(query.der.data());
    const tls::OcspRequestHandle request(d2i_OCSP_REQUEST(nullptr, &at, static_cast<long>(query.der.size())));
    made = request && OSSL_HTTP_REQ_CTX_set1_req(http.get(), "application/ocsp-request", ASN1_ITEM_rptr(OCSP_REQUEST),
                                                 reinterpret_cast<const ASN1_VALUE*>(request.get())) == 1;
  }
  if (!made) return fail("cannot make the request: {}", tls::openssl_reason());
  OSSL_HTTP_REQ_CTX_set_max_response_length(http.get(), tls::kMaxOcspResponse);
  return http;
}

/// OpenSSL's last words: the reason, and what it read.
std::string http_fault() {
  const char* data = nullptr;
  int flags = 0;
  const unsigned long error = ERR_peek_last_error_all(nullptr, nullptr, nullptr, &data, &flags);
  const char* reason = ERR_reason_error_string(error);
  if (reason == nullptr) return "the connection ended early";
  const bool has_data = (flags & ERR_TXT_STRING) != 0 && data != nullptr && *data != '\0';
  return has_data ? fmt::format("{}: {}", reason, log_safe(data)) : reason;
}

Result<std::string> exchange(BIO* bio, OSSL_HTTP_REQ_CTX* http, int fd, const Patience& patience) {
  int state = 0;
  while ((state = OSSL_HTTP_REQ_CTX_nbio(http)) == -1) {
    if (!wait_for(fd, BIO_should_write(bio) ? POLLOUT : POLLIN, patience)) return fail("no whole answer came in time");
  }
  if (state != 1) return fail("{}", http_fault());
  char* octets = nullptr;
  BIO* answer = OSSL_HTTP_REQ_CTX_get0_mem_bio(http);
  const long length = answer == nullptr ? 0 : BIO_get_mem_data(answer, &octets);
  return std::string(octets, static_cast<std::size_t>(length));
}

Result<std::string> transfer(const std::string& responder, const tls::OcspQuery& query, const Patience& patience) {
  const std::string get_url = tls::ocsp_get_url(responder, query);
  auto place = place_of(get_url.empty() ? responder : get_url);
  if (!place) return tl::make_unexpected(place.error());
  const auto addresses = resolve(*place, patience);
  if (!addresses) return tl::make_unexpected(addresses.error());
  auto fd = connect_to_any(addresses->get(), patience);
  if (!fd) return tl::make_unexpected(fd.error());
  const tls::ErrorScope errors;
  const tls::BioHandle bio(BIO_new_socket(fd->get(), BIO_NOCLOSE));
  if (!bio) return fail("{}", tls::openssl_reason());
  const auto http = make_exchange(bio.get(), *place, get_url.empty() ? "" : place->path, query);
  if (!http) return tl::make_unexpected(http.error());
  return exchange(bio.get(), http->get(), fd->get(), patience);
}

}  // namespace

Result<std::string> fetch_ocsp(const std::string& responder, const tls::OcspQuery& query,
                               const std::atomic<bool>& cancelled, std::int64_t timeout_ms) {
  auto answer = transfer(responder, query, {Clock::now() + std::chrono::milliseconds(timeout_ms), cancelled});
  if (!answer) return fail("the OCSP responder {} did not answer: {}", responder, answer.error().message);
  return answer;
}

}  // namespace transom::node
