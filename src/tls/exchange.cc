#include "tls/exchange.h"

#include <algorithm>
#include <cstring>

namespace transom::tls {
namespace {

int exchange_read(BIO* bio, char* into, std::size_t room, std::size_t* count) noexcept {
  auto* exchange = static_cast<Exchange*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  *count = 0;
  // Without a reason to try again OpenSSL gives up, which ends a flood in the middle of its octets.
  if (exchange != nullptr && exchange->refusal != Exchange::Refusal::none) return 0;
  if (exchange == nullptr || exchange->in.empty()) {
    BIO_set_retry_read(bio);
    return 0;
  }
  *count = std::min(room, exchange->in.size());
  std::memcpy(into, exchange->in.data(), *count);
  exchange->in = exchange->in.subspan(*count);
  return 1;
}

int exchange_write(BIO* bio, const char* from, std::size_t size, std::size_t* count) noexcept {
  auto* exchange = static_cast<Exchange*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  *count = 0;
  if (exchange == nullptr) return 0;
  exchange->out->append(ByteSpan(reinterpret_cast<const std::uint8_t*>(from), size));
  *count = size;
  return 1;
}

long exchange_control(BIO*, int command, long, void*) noexcept { return command == BIO_CTRL_FLUSH ? 1 : 0; }

int exchange_create(BIO* bio) noexcept {
  BIO_set_init(bio, 1);
  return 1;
}

BIO_METHOD* make_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "transom exchange");
  if (method == nullptr) return nullptr;
  BIO_meth_set_read_ex(method, exchange_read);
  BIO_meth_set_write_ex(method, exchange_write);
  BIO_meth_set_ctrl(method, exchange_control);
  BIO_meth_set_create(method, exchange_create);
  return method;
}

void charge_key_update(Exchange& exchange) {
  exchange.key_update_debt += key_update_price;
  if (exchange.key_update_debt > max_key_update_debt) exchange.refusal = Exchange::Refusal::key_updates;
}

/// OpenSSL calls this at the steps of a handshake only, and a key update or a renegotiation is one.
void watch(const SSL* ssl, int where, int) noexcept {
  auto* exchange = static_cast<Exchange*>(BIO_get_data(SSL_get_rbio(ssl)));
  if (exchange == nullptr || !exchange->open) return;
  if (where == SSL_CB_ACCEPT_LOOP && SSL_get_state(ssl) == TLS_ST_SR_KEY_UPDATE) charge_key_update(*exchange);
  if ((where & SSL_CB_HANDSHAKE_START) != 0) exchange->refusal = Exchange::Refusal::renegotiation;
}

}  // namespace

BioHandle make_exchange_bio() {
  static BIO_METHOD* const method = make_method();  // one for the process, never freed: every BIO points to it
  return BioHandle(method == nullptr ? nullptr : BIO_new(method));
}

void guard_against_floods(SSL_CTX* context) { SSL_CTX_set_info_callback(context, watch); }

}  // namespace transom::tls
