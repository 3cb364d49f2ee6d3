// The keys of session tickets, shared by every endpoint and core, kept across reloads and rotated.
#pragma once
#include <openssl/ssl.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/shared_slot.h"

namespace transom::tls {

/// One generation of keys. `name` is sent in clear with the ticket, so that the server knows the key again.
struct TicketKey {
  std::array<std::uint8_t, 16> name;
  std::array<std::uint8_t, 32> hmac;  // HMAC-SHA-256
  std::array<std::uint8_t, 32> aes;   // AES-256-CBC
  ~TicketKey();                       // wipes them
};

/// Any thread. The first key encrypts, every key decrypts; a ticket of an older key is renewed.
class TicketKeys {
 public:
  /// How many periods a key decrypts after it has stopped to encrypt.
  static constexpr std::size_t kOldPeriods = 2;

  /// One random key.
  explicit TicketKeys(Random& random);
  /// The keys of files, each 48 or 80 random octets (nginx's format: name, then HMAC and AES key or the other way
  /// round as nginx has it), first one first. Errors name the file and the remedy.
  static Result<std::shared_ptr<TicketKeys>> from_files(const std::vector<std::string>& files);

  /// A new first key; what is older than kOldPeriods goes.
  void rotate(Random& random);

  /// Makes `context` protect its tickets with these keys, which it holds from then on.
  static void use(SSL_CTX* context, std::shared_ptr<const TicketKeys> keys);

 private:
  TicketKeys() = default;
  SharedSlot<std::vector<TicketKey>> keys_;
};

}  // namespace transom::tls
