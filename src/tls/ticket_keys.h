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
#include "tls/tls_config.h"

namespace transom::tls {

/// One generation of keys. `name` is sent in clear with the ticket, so that the server knows the key again.
struct TicketKey {
  std::array<std::uint8_t, 16> name{};
  std::array<std::uint8_t, 32> hmac{};  // HMAC-SHA-256
  std::array<std::uint8_t, 32> aes{};   // AES-256-CBC
  bool short_form = false;              // 16 octets each are used, and AES-128-CBC
  TicketKey() = default;
  TicketKey(const TicketKey&) = default;
  TicketKey& operator=(const TicketKey&) = default;
  ~TicketKey();  // wipes them
};

/// Any thread. The first key encrypts, every key decrypts; a ticket of an older key is renewed.
class TicketKeys {
 public:
  /// How many periods a key decrypts after it has stopped to encrypt.
  static constexpr std::size_t kOldPeriods = 2;

  /// One random key.
  explicit TicketKeys(Random& random);
  /// The keys of files, first one first, each of random octets as for nginx's `ssl_session_ticket_key`:
  ///   80 = name 16, HMAC key 32, AES-256 key 32        48 = name 16, AES-128 key 16, HMAC key 16
  /// Whoever reads such a file can read what was said, so it is guarded like a private key. Errors name the file and
  /// the remedy.
  static Result<std::shared_ptr<TicketKeys>> from_files(const std::vector<std::string>& files, const KeyRules& rules,
                                                        std::vector<std::string>& warnings);

  /// A new first key; what is older than kOldPeriods goes.
  void rotate(Random& random);

  /// Makes `context` protect its tickets with these keys, which it holds from then on.
  static void use(SSL_CTX* context, std::shared_ptr<const TicketKeys> keys);

  /// The first key encrypts. For OpenSSL's callback and for tests.
  std::shared_ptr<const std::vector<TicketKey>> all() const { return keys_.get(); }

 private:
  TicketKeys() = default;
  SharedSlot<std::vector<TicketKey>> keys_;
};

/// Sets up resumption for `context`: off, or one ticket a handshake, protected with the keys of the files, else with
/// `shared`, else (null) with OpenSSL's own. A session can be resumed as long as its key is known.
Status apply_tickets(SSL_CTX* context, const TicketConfig& config, const KeyRules& rules,
                     const std::shared_ptr<const TicketKeys>& shared, std::vector<std::string>& warnings);

}  // namespace transom::tls
