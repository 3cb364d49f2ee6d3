#include "tls/ocsp_staples.h"

#include <cstring>

namespace transom::tls {
namespace {

using SlotPointer = std::shared_ptr<StapleSlot>;

void free_slot(void*, void* slot, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<SlotPointer*>(slot); }

/// Where a certificate object keeps the pointer to its slot.
int slot_index() {
  static const int index = X509_get_ex_new_index(0, nullptr, nullptr, nullptr, free_slot);
  return index;
}

/// OpenSSL has read the clock for this handshake when it made the session.
std::int64_t handshake_time(const SSL* ssl) {
  const SSL_SESSION* session = SSL_get_session(ssl);
  return session == nullptr ? 0 : SSL_SESSION_get_time(session);
}

int send_staple(SSL* ssl, void*) {
  X509* chosen = SSL_get_certificate(ssl);
  if (chosen == nullptr) return SSL_TLSEXT_ERR_NOACK;
  const auto* slot = static_cast<SlotPointer*>(X509_get_ex_data(chosen, slot_index()));
  if (slot == nullptr) return SSL_TLSEXT_ERR_NOACK;
  const auto staple = (*slot)->get();
  const std::int64_t now = handshake_time(ssl);
  if (!staple || now == 0 || staple->not_after <= now) return SSL_TLSEXT_ERR_NOACK;
  void* copy = OPENSSL_malloc(staple->der.size());  // OpenSSL frees it
  if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
  std::memcpy(copy, staple->der.data(), staple->der.size());
  SSL_set_tlsext_status_ocsp_resp(ssl, copy, staple->der.size());
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

void attach_staple(X509* leaf, std::shared_ptr<StapleSlot> slot) {
  delete static_cast<SlotPointer*>(X509_get_ex_data(leaf, slot_index()));
  X509_set_ex_data(leaf, slot_index(), slot ? new SlotPointer(std::move(slot)) : nullptr);
}

void use_staples(SSL_CTX* context) { SSL_CTX_set_tlsext_status_cb(context, send_staple); }

}  // namespace transom::tls
