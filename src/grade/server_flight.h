// What a server answers to a ClientHello, as a pure byte machine: its first flight up to ServerHelloDone, or what there
// is of it in the clear (TLS 1.3: ServerHello or HelloRetryRequest).
//
// flight    = { record }             record = type:1 version:2 length:2 fragment
// handshake = { type:1 length:3 body }, cut into records anyhow; read are server_hello, certificate,
//             server_key_exchange and server_hello_done (RFC 8446 4, RFC 5246 7.4, RFC 6101 5.6)
// ssl2      = length:2 (first bit set) 4:1 hit:1 type:1 version:2 certificate-length:2 suites-length:2 id-length:2
//             certificate suites id
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace transom::grade {

using Octets = std::vector<std::uint8_t>;

struct ServerHello {
  std::uint16_t version = 0;  // as negotiated: 0x0304 for TLS 1.3
  std::uint16_t suite = 0;
  std::uint8_t compression = 0;
  bool retry = false;  // a HelloRetryRequest
  bool renegotiation_info = false;
  std::optional<std::uint16_t> group;  // TLS 1.3: of its key share
};

/// Fed with what comes from one connection. Hostile input: at most `kMaxOctets` are looked at, and whatever comes, it
/// ends in `complete` or `refused` or waits for more.
class ServerFlight {
 public:
  static constexpr std::size_t kMaxOctets = 64 * 1024;
  static constexpr std::size_t kMaxCertificates = 16;
  enum class State : std::uint8_t {
    need_more,
    complete,  // all that will come in the clear
    refused,   // a fatal alert, or what is no TLS
  };

  State feed(ByteSpan octets);
  State state() const { return state_; }

  const std::optional<ServerHello>& hello() const { return hello_; }
  const std::vector<Octets>& certificates() const { return certificates_; }  // DER, as they were sent
  std::optional<int> dh_bits() const { return dh_bits_; }                    // of the prime
  std::optional<std::uint16_t> curve() const { return curve_; }              // of an ECDHE key, up to TLS 1.2
  std::optional<std::uint8_t> alert() const { return alert_; }

 private:
  bool next_record();
  void take_record(std::uint8_t type, ByteSpan fragment);
  void take_alert(ByteSpan fragment);
  void take_messages();
  void take_message(std::uint8_t type, ByteSpan body);
  void read_hello(ByteSpan body);
  void read_extensions(ByteSpan block, ServerHello& hello);
  void read_certificates(ByteSpan body);
  void read_key_exchange(ByteSpan body);
  void refuse() { state_ = State::refused; }

  State state_ = State::need_more;
  Buffer network_, messages_;
  std::size_t octets_ = 0;
  std::optional<ServerHello> hello_;
  std::vector<Octets> certificates_;
  std::optional<int> dh_bits_;
  std::optional<std::uint16_t> curve_;
  std::optional<std::uint8_t> alert_;
};

/// A SERVER-HELLO of SSL 2.
struct Ssl2Answer {
  std::vector<std::uint32_t> suites;
  Octets certificate;
};

/// Nothing unless `octets` begin with a whole SERVER-HELLO.
std::optional<Ssl2Answer> parse_ssl2_answer(ByteSpan octets);

}  // namespace transom::grade
