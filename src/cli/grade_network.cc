#include "cli/grade_network.h"

#include "cli/cli_error.h"
#include "grade/client_hello.h"

namespace transom::cli {
namespace {

constexpr std::int64_t kSecondsPerConnection = 5;
constexpr std::size_t kMaxAnswer = 64 * 1024;

Deadline deadline_within(Deadline until) { return std::min(until, after_seconds(kSecondsPerConnection)); }

wire::Url plain_url(const GradeTarget& target) {
  wire::Url url;
  url.scheme = "http";  // TLS is made of other things here
  url.host = target.host;
  url.port = target.port;
  return url;
}

/// NetStream's words without its advice, which is for WAMP clients.
std::string without_advice(const CliError& error) {
  const std::string text = error.what();
  return text.substr(0, text.find(';'));
}

std::string host_field(const std::string& host, std::uint16_t port, std::uint16_t usual) {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == usual ? name : fmt::format("{}:{}", name, port);
}

std::string get_request(const std::string& host, const std::string& path) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: Transom/{}\r\nConnection: close\r\n\r\n", path, host,
                     TRANSOM_VERSION);
}

void shake_hands(NetStream& network, tls::Stream& stream, Deadline until) {
  Buffer in, plain, out;
  stream.start(out);
  for (;;) {
    network.write(out.view(), until);
    if (stream.state() != tls::Stream::State::handshaking) break;
    in.clear();
    out.clear();
    if (network.read(in, until) == NetStream::Outcome::closed) give_up("the server closes the connection");
    stream.receive(in.view(), plain, out);
  }
  if (stream.state() == tls::Stream::State::failed) throw CliError(stream.error());
}

/// What came up to the end of the head; as far as it came.
std::string request_head(NetStream& network, tls::Stream& stream, const GradeTarget& target, Deadline until) {
  Buffer in, plain, out;
  try {
    stream.send(as_bytes(get_request(host_field(target.server_name, target.port, 443), "/")), out);
    network.write(out.view(), until);
    while (plain.text().find("\r\n\r\n") == std::string_view::npos && plain.size() < kMaxAnswer) {
      in.clear();
      out.clear();
      if (network.read(in, until) == NetStream::Outcome::closed) break;
      if (stream.receive(in.view(), plain, out) != tls::Stream::State::open) break;
    }
  } catch (const CliError&) {
  }
  return std::string(plain.text().substr(0, plain.text().find("\r\n\r\n")));
}

}  // namespace

grade::Connector::End ProbeConnector::exchange(ByteSpan octets, const Taker& take) {
  if (std::chrono::steady_clock::now() >= target_.until || ++connections_ > kMaxConnections) return End::exhausted;
  const Deadline until = deadline_within(target_.until);
  std::optional<NetStream> network;
  try {
    network.emplace(plain_url(target_), TrustOptions{}, until);
  } catch (const CliError& error) {
    error_ = without_advice(error);
    return End::unreachable;
  }
  try {
    network->write(octets, until);
    for (Buffer in; network->read(in, until) == NetStream::Outcome::data; in.clear()) {
      if (!take(in.view())) break;
    }
  } catch (const CliError&) {  // reset or silent: an answer as well
  }
  return End::over;
}

Result<LibrarySession> open_session(const GradeTarget& target, grade::WantedKey key, bool anonymous,
                                    bool with_request) {
  const auto context = grade::make_scan_context();
  if (!context) return tl::make_unexpected(context.error());
  const Deadline until = deadline_within(target.until);
  try {
    NetStream network(plain_url(target), {}, until);
    tls::Stream stream(context->get(), target.server_name);
    grade::prepare_scan(stream.native(), key, anonymous);
    shake_hands(network, stream, until);
    LibrarySession session{grade::session_facts(stream.native()), ""};
    if (with_request) session.http_head = request_head(network, stream, target, until);
    return session;
  } catch (const CliError& error) {
    return fail("{}", without_advice(error));
  }
}

std::optional<grade::Octets> fetch_issuer(const std::string& url_text, Deadline until) {
  const auto url = wire::parse_url(url_text);
  if (!url || url->scheme != "http") return std::nullopt;
  try {
    const Deadline deadline = deadline_within(until);
    NetStream network(*url, {}, deadline);
    Buffer answer;
    network.write(as_bytes(get_request(host_field(url->host, url->port, 80), url->path)), deadline);
    while (answer.size() < kMaxAnswer && network.read(answer, deadline) == NetStream::Outcome::data) {
    }
    const std::string_view text = answer.text();
    const std::size_t head = text.find("\r\n\r\n");
    if (head == std::string_view::npos || text.substr(0, text.find("\r\n")).find(" 200") == std::string_view::npos) {
      return std::nullopt;
    }
    const ByteSpan body = as_bytes(text.substr(head + 4));
    return grade::Octets(body.begin(), body.end());
  } catch (const CliError&) {
    return std::nullopt;
  }
}

}  // namespace transom::cli
