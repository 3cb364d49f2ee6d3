#include "tls/sni_store.h"

#include <vector>

#include "tls/acme_handshake.h"
#include "tls/server_names.h"

namespace transom::tls {
namespace {

struct SniStore {
  ContextsByName contexts;
  ~SniStore() {
    for (const auto& [name, context] : contexts) SSL_CTX_free(context);
  }

  SSL_CTX* find(std::string_view asked) const {
    const auto name = canonical_server_name(asked);
    if (!name) return nullptr;
    if (const auto exact = contexts.find(*name); exact != contexts.end()) return exact->second;
    const auto above = contexts.find(wildcard_above(*name));
    return above == contexts.end() ? nullptr : above->second;
  }
};

void free_store(void*, void* store, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<SniStore*>(store); }

/// Where an initial context keeps its store.
int store_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_store);
  return index;
}

int choose_context(SSL* ssl, int*, void* store) {
  const char* asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (asked == nullptr) return SSL_TLSEXT_ERR_NOACK;
  if (is_acme_handshake(ssl)) return SSL_TLSEXT_ERR_OK;  // its certificate is chosen already
  SSL_CTX* context = static_cast<const SniStore*>(store)->find(asked);
  if (context != nullptr && SSL_set_SSL_CTX(ssl, context) == nullptr) return SSL_TLSEXT_ERR_ALERT_FATAL;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

bool use_server_names(SSL_CTX* initial, const ContextsByName& contexts) {
  auto store = std::make_unique<SniStore>();
  for (const auto& [name, context] : contexts) {
    if (context != nullptr && SSL_CTX_up_ref(context) != 1) return false;
    store->contexts.emplace(name, context);
  }
  if (SSL_CTX_set_ex_data(initial, store_index(), store.get()) != 1) return false;
  SSL_CTX_set_tlsext_servername_callback(initial, choose_context);
  SSL_CTX_set_tlsext_servername_arg(initial, store.release());
  return true;
}

}  // namespace transom::tls
