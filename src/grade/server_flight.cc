#include "grade/server_flight.h"

#include <algorithm>
#include <bit>

#include "grade/cursor.h"
#include "grade/suites.h"

namespace transom::grade {
namespace {

namespace content {
constexpr std::uint8_t change_cipher_spec = 20, alert = 21, handshake = 22;
}
namespace message {
constexpr std::uint8_t server_hello = 2, certificate = 11, server_key_exchange = 12, server_hello_done = 14;
}
namespace extension {
constexpr std::uint16_t supported_versions = 43, key_share = 51, renegotiation_info = 0xFF01;
}

constexpr std::size_t kMaxFragment = 16 * 1024 + 2048;
constexpr std::uint8_t kNamedCurve = 3;

/// The random of a ServerHello that is a HelloRetryRequest (RFC 8446 4.1.3).
constexpr std::uint8_t kRetryRandom[32] = {0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C,
                                           0x02, 0x1E, 0x65, 0xB8, 0x91, 0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB,
                                           0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C};

int bits_of(ByteSpan number) {
  while (!number.empty() && number.front() == 0) number = number.subspan(1);
  return number.empty() ? 0 : static_cast<int>(number.size() * 8) - std::countl_zero(number.front());
}

}  // namespace

ServerFlight::State ServerFlight::feed(ByteSpan octets) {
  const std::size_t room = kMaxOctets - octets_;
  const bool too_much = octets.size() > room;
  if (state_ != State::need_more) return state_;
  octets = octets.first(std::min(room, octets.size()));
  octets_ += octets.size();
  network_.append(octets);
  while (state_ == State::need_more && next_record()) {
  }
  if (state_ == State::need_more && too_much) refuse();
  return state_;
}

bool ServerFlight::next_record() {
  Cursor cursor(network_.view());
  const std::uint8_t type = cursor.u8();
  const std::uint16_t version = cursor.u16();
  const std::uint16_t length = cursor.u16();
  if (!cursor.ok()) return false;
  const bool tls = version >> 8 == 3 && type >= content::change_cipher_spec && type <= 24;
  if (!tls || length > kMaxFragment) {
    refuse();
    return false;
  }
  const ByteSpan fragment = cursor.take(length);
  if (!cursor.ok()) return false;
  take_record(type, fragment);
  network_.consume(std::size_t{5} + length);
  return true;
}

void ServerFlight::take_record(std::uint8_t type, ByteSpan fragment) {
  if (type == content::alert) {
    take_alert(fragment);
  } else if (type == content::handshake) {
    messages_.append(fragment);
    take_messages();
  } else if (type != content::change_cipher_spec) {
    refuse();
  }
}

/// A warning such as unrecognized_name leaves the handshake alive.
void ServerFlight::take_alert(ByteSpan fragment) {
  constexpr std::uint8_t warning = 1, close_notify = 0;
  Cursor cursor(fragment);
  const std::uint8_t level = cursor.u8();
  const std::uint8_t description = cursor.u8();
  if (cursor.ok() && level == warning && description != close_notify) return;
  alert_ = description;
  refuse();
}

void ServerFlight::take_messages() {
  while (state_ == State::need_more) {
    Cursor cursor(messages_.view());
    const std::uint8_t type = cursor.u8();
    const std::uint32_t length = cursor.number(3);
    if (cursor.ok() && length > kMaxOctets) return refuse();
    const ByteSpan body = cursor.take(length);
    if (!cursor.ok()) return;
    take_message(type, body);
    messages_.consume(std::size_t{4} + length);
  }
}

void ServerFlight::take_message(std::uint8_t type, ByteSpan body) {
  if (!hello_) {
    if (type != message::server_hello) return refuse();
    read_hello(body);
  } else if (type == message::certificate) {
    read_certificates(body);
  } else if (type == message::server_key_exchange) {
    read_key_exchange(body);
  } else if (type == message::server_hello_done) {
    state_ = State::complete;
  }
}

void ServerFlight::read_hello(ByteSpan body) {
  Cursor cursor(body);
  ServerHello hello;
  hello.version = cursor.u16();
  const ByteSpan random = cursor.take(32);
  hello.retry = cursor.ok() && std::equal(random.begin(), random.end(), std::begin(kRetryRandom));
  cursor.counted(1);  // session id
  hello.suite = cursor.u16();
  hello.compression = cursor.u8();
  if (!cursor.ok()) return refuse();
  if (cursor.left() > 0) read_extensions(cursor.counted(2), hello);
  if (state_ == State::refused || !cursor.ok()) return refuse();
  hello_ = hello;
  if (hello.version == 0x0304) state_ = State::complete;  // all else is encrypted
}

void ServerFlight::read_extensions(ByteSpan block, ServerHello& hello) {
  Cursor cursor(block);
  while (cursor.ok() && cursor.left() > 0) {
    const std::uint16_t type = cursor.u16();
    Cursor body(cursor.counted(2));
    if (!cursor.ok()) break;
    if (type == extension::supported_versions) hello.version = body.u16();
    if (type == extension::key_share) hello.group = body.u16();
    if (type == extension::renegotiation_info) hello.renegotiation_info = true;
    if (!body.ok()) refuse();
  }
  if (!cursor.ok()) refuse();
}

void ServerFlight::read_certificates(ByteSpan body) {
  Cursor cursor(body);
  Cursor list(cursor.counted(3));
  if (!cursor.ok() || !certificates_.empty()) return refuse();
  while (list.left() > 0 && certificates_.size() < kMaxCertificates) {
    const ByteSpan certificate = list.counted(3);
    if (!list.ok()) return refuse();
    certificates_.emplace_back(certificate.begin(), certificate.end());
  }
}

/// Its form depends on the suite that was chosen.
void ServerFlight::read_key_exchange(ByteSpan body) {
  const SuiteTraits traits = suite_traits(hello_->suite);
  Cursor cursor(body);
  if (traits.dhe) {
    const ByteSpan prime = cursor.counted(2);
    if (!cursor.ok()) return refuse();
    dh_bits_ = bits_of(prime);
  } else if (traits.ecdhe && cursor.u8() == kNamedCurve) {
    const std::uint16_t curve = cursor.u16();
    if (!cursor.ok()) return refuse();
    curve_ = curve;
  }
}

std::optional<Ssl2Answer> parse_ssl2_answer(ByteSpan octets) {
  constexpr std::uint8_t server_hello = 4;
  Cursor record(octets);
  const std::uint16_t length = record.u16();
  if ((length & 0x8000) == 0) return std::nullopt;
  Cursor cursor(record.take(length & 0x7fff));
  if (cursor.u8() != server_hello) return std::nullopt;
  cursor.take(2);
  const std::uint16_t version = cursor.u16();
  const std::size_t certificate_length = cursor.u16();
  const std::size_t suites_length = cursor.u16();
  const std::size_t id_length = cursor.u16();
  const ByteSpan certificate = cursor.take(certificate_length);
  Cursor suites(cursor.take(suites_length));
  cursor.take(id_length);
  if (!record.ok() || !cursor.ok() || version != 0x0002) return std::nullopt;
  Ssl2Answer answer;
  answer.certificate.assign(certificate.begin(), certificate.end());
  while (suites.left() >= 3) answer.suites.push_back(suites.number(3));
  return answer;
}

}  // namespace transom::grade
