// Drives the server's TLS stream with flights that are cut, altered, put in another order and made up.
//
// input = mode:1 piece:1 count:1 edit* rest
// mode  = bits: 1 live client (else the two below), 2 TLS 1.2, 4 RSA, 8 client certificate asked for, 16 client has
// one,
//         32 client resumes a session, 64 without a live client: `rest` alone, else a recorded ClientHello before it,
//         128 the ClientHello is an ACME server's (tls-alpn-01)
// edit  = kind:1 flight:1 place:2 value:1            `count` of them at most 8
// A live client's flights are edited on their way; `rest` is then sent inside and after the tunnel.
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
  enum Kind : std::uint8_t { flip, cut, remove, repeat, insert, swap_records, split_record, set_length, kinds };
  Kind kind;
  std::size_t flight;
  std::size_t place;
  std::uint8_t value;
};

struct Plan {
  bool live = false, tls12 = false, rsa = false, asked = false, certified = false, resumed = false, stranger = false;
  bool acme = false;
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
  const std::size_t mode = next();
  const auto bit = [mode](std::size_t which) { return (mode & which) != 0; };
  plan.live = bit(1), plan.tls12 = bit(2), plan.rsa = bit(4), plan.asked = bit(8);
  plan.certified = bit(16), plan.resumed = bit(32), plan.stranger = bit(64);
  plan.acme = bit(128);
  const std::size_t piece = next();
  plan.piece = piece == 0 ? 1 << 20 : piece;
  for (std::size_t count = next() % 9; count > 0; --count) {
    const auto kind = static_cast<Edit::Kind>(next() % Edit::kinds);
    const std::size_t flight = next() % 4;
    const std::size_t place = next() * 256 + next();
    plan.edits.push_back({kind, flight, place, static_cast<std::uint8_t>(next())});
  }
  plan.rest = std::string(input);
  return plan;
}

/// The records of a flight; the last may be incomplete.
std::vector<std::string> records_of(std::string_view flight) {
  std::vector<std::string> records;
  while (!flight.empty()) {
    std::size_t size = flight.size();
    if (size >= 5) {
      const auto octet = [&flight](std::size_t at) { return static_cast<std::uint8_t>(flight[at]); };
      size = std::min<std::size_t>(size, 5 + octet(3) * 256u + octet(4));
    }
    records.emplace_back(flight.substr(0, size));
    flight.remove_prefix(size);
  }
  return records;
}

std::string joined(const std::vector<std::string>& records) {
  std::string flight;
  for (const std::string& record : records) flight += record;
  return flight;
}

std::string with_length(std::string record, std::size_t length) {
  record[3] = static_cast<char>(length >> 8);
  record[4] = static_cast<char>(length);
  return record;
}

/// The same octets in two records.
void split(std::vector<std::string>& records, std::size_t which, std::size_t place) {
  const std::string whole = records[which];
  if (whole.size() < 5) return;
  const std::size_t first = place % (whole.size() - 4);
  records[which] = with_length(whole.substr(0, 5 + first), first);
  const std::string second = whole.substr(0, 5) + whole.substr(5 + first);
  records.insert(records.begin() + static_cast<std::ptrdiff_t>(which) + 1, with_length(second, second.size() - 5));
}

void edit_records(std::string& flight, const Edit& edit) {
  std::vector<std::string> records = records_of(flight);
  const std::size_t which = edit.value % records.size();
  if (edit.kind == Edit::swap_records) {
    std::swap(records[which], records[edit.place % records.size()]);
  } else if (edit.kind == Edit::split_record) {
    split(records, which, edit.place);
  } else if (records[which].size() >= 5) {
    records[which] = with_length(records[which], edit.place);
  }
  flight = joined(records);
}

void apply(const Edit& edit, std::string& flight) {
  const std::size_t place = edit.place % flight.size();
  const std::size_t size = edit.value + 1u;
  switch (edit.kind) {
    case Edit::flip:
      flight[place] = static_cast<char>(flight[place] ^ edit.value);
      return;
    case Edit::cut:
      flight.resize(place);
      return;
    case Edit::remove:
      flight.erase(place, size);
      return;
    case Edit::repeat:
      flight.insert(place, flight.substr(place, size));
      return;
    case Edit::insert:
      flight.insert(place, size, static_cast<char>(edit.place >> 8));
      return;
    default:
      edit_records(flight, edit);
  }
}

std::string edited(std::string flight, std::size_t number, const Plan& plan) {
  for (const Edit& edit : plan.edits) {
    if (edit.flight == number && !flight.empty()) apply(edit, flight);
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

using SessionHandle = std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)>;

/// What an ACME server offers while it looks at a challenge.
void ask_as_acme(SSL* client) {
  static constexpr unsigned char protocols[] =
      "\x0a"
      "acme-tls/1";
  SSL_set_alpn_protos(client, protocols, sizeof protocols - 1);
  SSL_set_tlsext_host_name(client, "localhost");
}

struct World {
  tls::test::Identity ecdsa = tls::test::self_signed(tls::test::ec_key());
  tls::test::Identity rsa = tls::test::self_signed(tls::test::rsa_key(2048));
  std::shared_ptr<const tls::ServerContext> silent = make_server(), asking = make_server();
  tls::ContextHandle client = make_client(false), certified = make_client(true);
  std::string hello = record_hello(false), acme_hello = record_hello(true);
  SessionHandle session12 = make_session(TLS1_2_VERSION), session13 = make_session(TLS1_3_VERSION);

  World() {
    SSL_CTX_set_verify(asking->native(), SSL_VERIFY_PEER, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(asking->native()), ecdsa.certificate.get());
  }

  std::shared_ptr<const tls::ServerContext> make_server() const {
    const tls::test::TemporaryDirectory files;
    tls::ServerConfig config;
    for (const tls::test::Identity* identity : {&ecdsa, &rsa}) {
      const std::string name = identity == &rsa ? "rsa" : "ecdsa";
      tls::CertificateConfig certificate;
      certificate.key_file = files.write(name + ".key", identity->key_text);
      certificate.certificate_file = files.write(name + ".pem", identity->certificate_text);
      config.certificates.push_back(certificate);
    }
    std::vector<std::string> warnings;
    tls::ServerResources resources;
    resources.acme_challenges = std::make_shared<tls::AcmeChallenges>();
    std::shared_ptr<SSL_CTX> entry(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    SSL_CTX_use_certificate(entry.get(), ecdsa.certificate.get());
    SSL_CTX_use_PrivateKey(entry.get(), ecdsa.key.get());
    resources.acme_challenges->put_alpn("localhost", std::move(entry));
    return tls::test::require(tls::ServerContext::create(config, resources, warnings));
  }
  tls::ContextHandle make_client(bool with_certificate) const {
    tls::ContextHandle context(SSL_CTX_new(TLS_client_method()));
    if (with_certificate) {
      SSL_CTX_use_certificate(context.get(), ecdsa.certificate.get());
      SSL_CTX_use_PrivateKey(context.get(), ecdsa.key.get());
    }
    return context;
  }
  std::string record_hello(bool acme) const {
    tls::test::RawClient recorded(client.get());
    if (acme) ask_as_acme(recorded.ssl());
    recorded.handshake();
    return recorded.take();
  }
  /// With a ticket of `silent`.
  SessionHandle make_session(int version) const {
    Server server(*silent);
    tls::test::RawClient peer(client.get());
    SSL_set_max_proto_version(peer.ssl(), version);
    for (int flight = 0; flight < 3; ++flight) {
      peer.handshake();
      server.receive(peer.take(), 1 << 20);
      peer.give(server.network.view());
      server.network.clear();
    }
    peer.read();  // the ticket of TLS 1.3 comes behind the handshake
    ERR_clear_error();
    return {SSL_get1_session(peer.ssl()), &SSL_SESSION_free};
  }
};

void play_recording(const World& world, const Plan& plan) {
  Server server(plan.asked ? *world.asking : *world.silent);
  if (!plan.stranger) server.receive(edited(plan.acme ? world.acme_hello : world.hello, 0, plan), plan.piece);
  server.receive(plan.rest, plan.piece);
}

void prepare(SSL* client, const World& world, const Plan& plan) {
  if (plan.acme) ask_as_acme(client);
  if (plan.tls12) SSL_set_max_proto_version(client, TLS1_2_VERSION);
  SSL_set1_sigalgs_list(client, plan.rsa ? "RSA-PSS+SHA256:RSA+SHA256" : "ECDSA+SHA256");
  if (plan.resumed) SSL_set_session(client, (plan.tls12 ? world.session12 : world.session13).get());
  ERR_clear_error();
}

void play_live(const World& world, const Plan& plan) {
  Server server(plan.asked ? *world.asking : *world.silent);
  tls::test::RawClient client((plan.certified ? world.certified : world.client).get());
  prepare(client.ssl(), world, plan);
  for (std::size_t flight = 0; flight < 4; ++flight) {
    if (client.handshake() && !plan.rest.empty()) {
      SSL_write(client.ssl(), plan.rest.data(), static_cast<int>(plan.rest.size()));
    }
    if (flight == 3) SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED);
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
  if (plan.live) {
    play_live(world, plan);
  } else {
    play_recording(world, plan);
  }
  ERR_clear_error();
  return 0;
}
