#include "tls/stream.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>

#include "tls/acme_handshake.h"
#include "tls/exchange.h"
#include "tls/openssl_error.h"
#include "tls/stream_error.h"

namespace transom::tls {
namespace {

constexpr std::size_t max_record_octets = SSL3_RT_MAX_PLAIN_LENGTH;
constexpr std::size_t max_record_overhead = 64;  // header, IV, padding and MAC of the worst TLS 1.2 suite

/// Far above any honest first flight, ever so many certificates and tickets included.
constexpr std::uint64_t max_handshake_octets = 64 * 1024;

/// A whole record: a fatal illegal_parameter, as OpenSSL says to a message beyond its own limits. In the clear, so only
/// before anything else was sent.
constexpr std::uint8_t too_long_alert[] = {SSL3_RT_ALERT, 3, 3, 0, 2, SSL3_AL_FATAL, SSL_AD_ILLEGAL_PARAMETER};

/// An IP address must stand in the certificate as one and is never sent as server name (RFC 6066).
bool expect_host(SSL* ssl, std::string host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1) return true;
  if (!host.empty() && host.back() == '.') host.pop_back();
  if (host.empty()) return false;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

std::string describe_refusal(Exchange::Refusal refusal) {
  return refusal == Exchange::Refusal::renegotiation ? "the peer asked to renegotiate, which is never done here"
                                                     : "the peer sent a flood of key updates";
}

}  // namespace

Stream::Stream(const ServerContext& context) {
  if (prepare(context.native())) SSL_set_accept_state(ssl_);
}

Stream::Stream(SSL_CTX* client_context, const std::string& host) {
  if (!prepare(client_context)) return;
  SSL_set_connect_state(ssl_);
  const ErrorScope errors;
  if (!expect_host(ssl_, host)) fail_with("\"" + host + "\" is neither a host name nor an IP address");
}

Stream::~Stream() { SSL_free(ssl_); }

bool Stream::prepare(SSL_CTX* context) {
  const ErrorScope errors;
  BioHandle bio = make_exchange_bio();
  ssl_ = SSL_new(context);
  if (ssl_ == nullptr || !bio) {
    fail_with("out of memory");
    return false;
  }
  BIO* both = bio.release();
  SSL_set_bio(ssl_, both, both);
  return true;
}

const std::string& Stream::error() const {
  static const std::string none;
  return error_ ? *error_ : none;
}

void Stream::fail_with(std::string reason) {
  state_ = State::failed;
  error_ = std::make_unique<std::string>(std::move(reason));
}

Stream::State Stream::start(Buffer& network_out) {
  Buffer unused;  // no plaintext can come before the first octet of the peer
  return receive({}, unused, network_out);
}

Stream::State Stream::receive(ByteSpan network_in, Buffer& plain_out, Buffer& network_out) {
  if (state_ != State::handshaking && state_ != State::open) return state_;
  const ErrorScope errors;
  Exchange exchange{network_in, &network_out, state_ == State::open, Exchange::Refusal::none, key_update_debt_};
  const Lease lease(ssl_, exchange);
  if (state_ == State::handshaking) handshake(exchange);
  if (state_ == State::open) read(exchange, plain_out);
  key_update_debt_ = exchange.key_update_debt;
  return state_;
}

void Stream::handshake(Exchange& exchange) {
  if (BIO_number_read(SSL_get_rbio(ssl_)) > max_handshake_octets) {
    if (BIO_number_written(SSL_get_wbio(ssl_)) == 0) exchange.out->append(too_long_alert);
    return fail_with("the handshake is too long");
  }
  const int result = SSL_do_handshake(ssl_);
  if (result != 1) return stop_reading(exchange, result);
  state_ = is_acme_handshake(ssl_) ? State::complete : State::open;
  exchange.open = true;
}

void Stream::read(Exchange& exchange, Buffer& plain_out) {
  for (;;) {
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_, plain_out.prepare(max_record_octets), max_record_octets, &count);
    if (result != 1 || exchange.refusal != Exchange::Refusal::none) return stop_reading(exchange, result);
    plain_out.commit(count);
    exchange.key_update_debt -= static_cast<std::uint32_t>(std::min<std::size_t>(count, exchange.key_update_debt));
    if (exchange.in.empty() && SSL_has_pending(ssl_) == 0) return;  // nothing is left to be told by one more read
  }
}

void Stream::stop_reading(Exchange& exchange, int result) {
  if (exchange.refusal != Exchange::Refusal::none) {
    SSL_shutdown(ssl_);  // a close_notify: OpenSSL has no way to send an alert of our choice
    return fail_with(describe_refusal(exchange.refusal));
  }
  const int error = SSL_get_error(ssl_, result);
  if (error == SSL_ERROR_WANT_READ) return;
  if (error == SSL_ERROR_ZERO_RETURN) {
    state_ = State::peer_closed;
    return;
  }
  fail_with(describe_failure(ssl_));
}

Stream::State Stream::send(ByteSpan plain, Buffer& network_out) {
  if (state_ != State::open || plain.empty()) return state_;
  const ErrorScope errors;
  Exchange exchange{{}, &network_out, true, Exchange::Refusal::none, 0};
  const Lease lease(ssl_, exchange);
  network_out.prepare(plain.size() + (plain.size() / max_record_octets + 1) * max_record_overhead);
  std::size_t count = 0;
  if (SSL_write_ex(ssl_, plain.data(), plain.size(), &count) != 1) fail_with(describe_failure(ssl_));
  return state_;
}

void Stream::shut_down(Buffer& network_out) {
  if (state_ == State::handshaking || state_ == State::failed) return;
  if ((SSL_get_shutdown(ssl_) & SSL_SENT_SHUTDOWN) != 0) return;
  const ErrorScope errors;
  Exchange exchange{{}, &network_out, true, Exchange::Refusal::none, 0};
  const Lease lease(ssl_, exchange);
  SSL_shutdown(ssl_);
}

}  // namespace transom::tls
