// The seam between OpenSSL and our buffers: what one call of a Stream lends to the library, and the BIO that uses it.
#pragma once
#include <cstdint>

#include "base/bytes.h"
#include "tls/handles.h"

namespace transom::tls {

/// Lives on the stack of one call of a Stream, which holds nothing of it afterwards.
struct Exchange {
  enum class Refusal : std::uint8_t { none, renegotiation, key_updates };

  ByteSpan in;            // what came from the network and is not read yet
  Buffer* out = nullptr;  // what goes to the network
  bool open = false;      // the first handshake is over
  Refusal refusal = Refusal::none;
  std::uint32_t key_update_debt = 0;  // what unpaid key updates came to
};

/// A BIO that reads from and writes to the Exchange of the current call, or null when memory is out. There is no
/// socket and no buffer behind it: reading finds the octets of `in` and then asks to be called again, writing always
/// succeeds.
BioHandle make_exchange_bio();

/// Lends `exchange` to the BIO of `ssl` for the length of one call.
class Lease {
 public:
  Lease(SSL* ssl, Exchange& exchange) : bio_(SSL_get_rbio(ssl)) { BIO_set_data(bio_, &exchange); }
  ~Lease() { BIO_set_data(bio_, nullptr); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

 private:
  BIO* bio_;
};

/// Watches the streams of a server's context for what costs it much and the peer little: a renegotiation is refused at
/// once, key updates are paid for with application data. Costs nothing while records of data come.
void guard_against_floods(SSL_CTX* context);

/// Every key update adds this to the debt, every octet of application data takes one off it; beyond the limit the
/// stream fails. An honest peer updates once in gigabytes.
inline constexpr std::uint32_t key_update_price = 64 * 1024;
inline constexpr std::uint32_t max_key_update_debt = 16 * key_update_price;

}  // namespace transom::tls
