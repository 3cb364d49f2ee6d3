// Drives the server's TLS stream with flights that are cut, altered and made up.
//
// input = mode:1 piece:1 count:1 edit* rest
// edit  = flight:1 place:2 value:1            `count` of them at most 8
// mode 0: `rest` comes from a stranger. mode 1: a recorded ClientHello with the edits, then `rest`. mode 2 and 3: a
// live client (TLS 1.2 or 1.3) whose flights are edited on their way; `rest` is then sent inside and after the tunnel.
#include <openssl/err.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "tls/test_support.h"

namespace {

using namespace transom;
using tls::Stream;

struct Edit {
  std::size_t flight;
  std::size_t place;
  char value;
};

struct Plan {
  int mode = 0;
  std::size_t piece = 1;
  std::vector<Edit> edits;
  std::string rest;
};

Plan read_plan(std::string_view input) {
  Plan plan;
  const auto next = [&input]() -> std::size_t {
    if (input.empty()) return 0;
    const auto octet = static_cast<std::uint8_t>(input.front());
    input.remove_prefix(1);
    return octet;
  };
  plan.mode = static_cast<int>(next() % 4);
  const std::size_t piece = next();
  plan.piece = piece == 0 ? 1 << 20 : piece;
  for (std::size_t count = next() % 9; count > 0; --count) {
    const std::size_t flight = next() % 4;
    const std::size_t place = next() * 256 + next();
    plan.edits.push_back({flight, place, static_cast<char>(next())});
  }
  plan.rest = std::string(input);
  return plan;
}

std::string edited(std::string flight, std::size_t number, const Plan& plan) {
  for (const Edit& edit : plan.edits) {
    if (edit.flight != number || flight.empty()) continue;
    char& target = flight[edit.place % flight.size()];
    target = static_cast<char>(target ^ edit.value);
  }
  return flight;
}

/// What must hold whatever comes.
void check(const Stream& server) {
  if (ERR_peek_error() != 0) std::abort();
  if ((server.state() == Stream::State::failed) == server.error().empty()) std::abort();
}

class Server {
 public:
  explicit Server(const tls::ServerContext& context) : stream(context) {}
  void receive(std::string_view flight, std::size_t piece) {
    for (; !flight.empty(); flight.remove_prefix(std::min(piece, flight.size()))) {
      const std::string chunk(flight.substr(0, piece));  // a copy of its own, so that reading beyond it is seen
      stream.receive(as_bytes(chunk), plain, network);
      check(stream);
    }
  }
  Stream stream;
  Buffer plain, network;
};

struct World {
  std::shared_ptr<const tls::ServerContext> server = make_server();
  tls::ContextHandle client{SSL_CTX_new(TLS_client_method())};
  std::string hello = record_hello();

  static std::shared_ptr<const tls::ServerContext> make_server() {
    const tls::test::TemporaryDirectory files;
    const tls::test::Identity identity = tls::test::self_signed(tls::test::ec_key());
    tls::ServerConfig config;
    config.certificates = {
        {files.write("key.pem", identity.key_text), files.write("cert.pem", identity.certificate_text), {}}};
    std::vector<std::string> warnings;
    return tls::test::require(tls::ServerContext::create(config, {}, warnings));
  }
  std::string record_hello() {
    tls::test::RawClient recorded(client.get());
    recorded.handshake();
    return recorded.take();
  }
};

void play_recording(const World& world, const Plan& plan) {
  Server server(*world.server);
  if (plan.mode == 1) server.receive(edited(world.hello, 0, plan), plan.piece);
  server.receive(plan.rest, plan.piece);
}

void play_live(const World& world, const Plan& plan) {
  Server server(*world.server);
  tls::test::RawClient client(world.client.get());
  if (plan.mode == 2) SSL_set_max_proto_version(client.ssl(), TLS1_2_VERSION);
  for (std::size_t flight = 0; flight < 3; ++flight) {
    if (client.handshake() && !plan.rest.empty()) {
      SSL_write(client.ssl(), plan.rest.data(), static_cast<int>(plan.rest.size()));
    }
    ERR_clear_error();
    server.receive(edited(client.take(), flight, plan), plan.piece);
    client.give(server.network.view());
    server.network.clear();
  }
  server.stream.send(as_bytes(plan.rest), server.network);
  server.receive(plan.rest, plan.piece);
  server.stream.shut_down(server.network);
  check(server.stream);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World world;
  ERR_clear_error();
  const Plan plan = read_plan(as_text({data, size}));
  if (plan.mode < 2) {
    play_recording(world, plan);
  } else {
    play_live(world, plan);
  }
  ERR_clear_error();
  return 0;
}
