#include "tls/ticket_keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>

#include "tls/key_permissions.h"
#include "tls/pem_file.h"

namespace transom::tls {
namespace {

using Ring = std::vector<TicketKey>;

constexpr std::size_t name_octets = 16;
constexpr std::size_t short_file_octets = 48;
constexpr std::size_t long_file_octets = 80;
constexpr std::size_t max_key_files = 16;
constexpr int iv_octets = 16;
constexpr std::int64_t longest_life_s = 7 * 86'400;  // RFC 8446 4.6.1

// What OpenSSL wants to hear of its ticket callback.
enum TicketAnswer { broken = -1, unknown_key = 0, fine = 1, renew = 2 };

TicketKey random_key(Random& random) {
  TicketKey key;
  random.fill(key.name);
  random.fill(key.hmac);
  random.fill(key.aes);
  return key;
}

template <std::size_t size>
void take(std::array<std::uint8_t, size>& out, std::size_t count, const std::string& octets, std::size_t& at) {
  std::memcpy(out.data(), octets.data() + at, count);
  at += count;
}

TicketKey parse_key(const std::string& octets) {
  TicketKey key;
  key.short_form = octets.size() == short_file_octets;
  std::size_t at = 0;
  take(key.name, name_octets, octets, at);
  if (key.short_form) {
    take(key.aes, 16, octets, at);
    take(key.hmac, 16, octets, at);
  } else {
    take(key.hmac, 32, octets, at);
    take(key.aes, 32, octets, at);
  }
  return key;
}

Result<TicketKey> read_key(const std::string& file, const KeyRules& rules, std::vector<std::string>& warnings) {
  if (auto guarded = check_key_permissions(file, rules, warnings); !guarded) {
    return tl::make_unexpected(guarded.error());
  }
  auto octets = read_pem_file(file, "session ticket key");
  if (!octets) return tl::make_unexpected(octets.error());
  if (octets->size() != long_file_octets && octets->size() != short_file_octets) {
    return fail(
        "the session ticket key {} has {} octets; it needs 80 random ones (48 with AES-128), made with: (umask 077; "
        "openssl rand -out {} 80)",
        file, octets->size(), shell_word(file));
  }
  TicketKey key = parse_key(*octets);
  OPENSSL_cleanse(octets->data(), octets->size());
  return key;
}

bool set_up_mac(EVP_MAC_CTX* mac, const TicketKey& key) {
  char digest[] = "SHA256";
  auto* octets = const_cast<std::uint8_t*>(key.hmac.data());
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, octets, key.short_form ? 16 : 32),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end(),
  };
  return EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

const EVP_CIPHER* cipher_of(const TicketKey& key) { return key.short_form ? EVP_aes_128_cbc() : EVP_aes_256_cbc(); }

int encrypt_with(const TicketKey& key, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                 EVP_MAC_CTX* mac) {
  std::copy(key.name.begin(), key.name.end(), name);
  const bool ready = RAND_bytes(iv, iv_octets) == 1 &&
                     EVP_EncryptInit_ex(cipher, cipher_of(key), nullptr, key.aes.data(), iv) == 1 &&
                     set_up_mac(mac, key);
  return ready ? fine : broken;
}

int decrypt_with(const Ring& ring, SSL* ssl, const unsigned char* name, const unsigned char* iv, EVP_CIPHER_CTX* cipher,
                 EVP_MAC_CTX* mac) {
  const auto key = std::find_if(ring.begin(), ring.end(), [name](const TicketKey& known) {
    return std::equal(known.name.begin(), known.name.end(), name);
  });
  if (key == ring.end()) return unknown_key;
  if (EVP_DecryptInit_ex(cipher, cipher_of(*key), nullptr, key->aes.data(), iv) != 1 || !set_up_mac(mac, *key)) {
    return broken;
  }
  // A ticket of TLS 1.3 should be used once (RFC 8446 C.4), so every resumption brings the client a new one.
  return key == ring.begin() && SSL_version(ssl) < TLS1_3_VERSION ? fine : renew;
}

void release_keys(void*, void* keys, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<std::shared_ptr<const TicketKeys>*>(keys);
}

/// The place of the ring in a context's extra data.
int keys_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, release_keys);
  return index;
}

int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypt) {
  const void* data = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), keys_index());
  if (data == nullptr) return broken;
  const auto ring = (*static_cast<const std::shared_ptr<const TicketKeys>*>(data))->all();
  return encrypt == 1 ? encrypt_with(ring->front(), name, iv, cipher, mac)
                      : decrypt_with(*ring, ssl, name, iv, cipher, mac);
}

}  // namespace

TicketKey::~TicketKey() {
  OPENSSL_cleanse(hmac.data(), hmac.size());
  OPENSSL_cleanse(aes.data(), aes.size());
}

TicketKeys::TicketKeys(Random& random) { keys_.set(std::make_shared<const Ring>(Ring{random_key(random)})); }

Result<std::shared_ptr<TicketKeys>> TicketKeys::from_files(const std::vector<std::string>& files, const KeyRules& rules,
                                                           std::vector<std::string>& warnings) {
  if (files.empty()) return fail("no session ticket key is named");
  if (files.size() > max_key_files) return fail("more than {} session ticket keys are named", max_key_files);
  auto ring = std::make_shared<Ring>();
  ring->reserve(files.size());
  for (const std::string& file : files) {
    const auto key = read_key(file, rules, warnings);
    if (!key) return tl::make_unexpected(key.error());
    ring->push_back(*key);
  }
  std::shared_ptr<TicketKeys> keys(new TicketKeys);
  keys->keys_.set(std::move(ring));
  return keys;
}

void TicketKeys::rotate(Random& random) {
  const auto old = keys_.get();
  auto ring = std::make_shared<Ring>();
  ring->reserve(1 + kOldPeriods);
  ring->push_back(random_key(random));
  ring->insert(ring->end(), old->begin(),
               old->begin() + static_cast<std::ptrdiff_t>(std::min(old->size(), kOldPeriods)));
  keys_.set(std::move(ring));
}

void TicketKeys::use(SSL_CTX* context, std::shared_ptr<const TicketKeys> keys) {
  auto* held = static_cast<std::shared_ptr<const TicketKeys>*>(SSL_CTX_get_ex_data(context, keys_index()));
  if (held != nullptr) {
    *held = std::move(keys);
  } else {
    SSL_CTX_set_ex_data(context, keys_index(), new std::shared_ptr<const TicketKeys>(std::move(keys)));
  }
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
}

Status apply_tickets(SSL_CTX* context, const TicketConfig& config, const KeyRules& rules,
                     const std::shared_ptr<const TicketKeys>& shared, std::vector<std::string>& warnings) {
  if (!config.enabled) {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
    return {};
  }
  SSL_CTX_set_num_tickets(context, 1);
  const auto periods = static_cast<std::int64_t>(TicketKeys::kOldPeriods);
  SSL_CTX_set_timeout(context,
                      static_cast<long>(std::clamp<std::int64_t>(config.rotate_s * periods, 1, longest_life_s)));
  if (config.key_files.empty()) {
    if (shared) TicketKeys::use(context, shared);
    return {};
  }
  auto keys = TicketKeys::from_files(config.key_files, rules, warnings);
  if (!keys) return tl::make_unexpected(keys.error());
  TicketKeys::use(context, std::move(*keys));
  return {};
}

}  // namespace transom::tls
