#include "tls/acme_handshake.h"

#include <utility>

#include "tls/server_names.h"

namespace transom::tls {
namespace {

using Challenges = std::shared_ptr<const AcmeChallenges>;

/// A list of one protocol, as in a ClientHello: the length of the list, the length of the name, the name.
constexpr std::string_view only_acme_offered(
    "\x00\x0b\x0a"
    "acme-tls/1",
    13);
static_assert(only_acme_offered.ends_with(kAcmeProtocol));

void free_challenges(void*, void* challenges, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<Challenges*>(challenges);
}

/// Where a context keeps its challenges.
int challenges_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_challenges);
  return index;
}

/// Where a connection keeps its mark: not null for what is_acme_handshake tells.
int mark_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

std::string_view extension(SSL* ssl, unsigned int type) {
  const unsigned char* octets = nullptr;
  std::size_t count = 0;
  if (SSL_client_hello_get0_ext(ssl, type, &octets, &count) != 1) return {};
  return {reinterpret_cast<const char*>(octets), count};
}

std::size_t number_at(std::string_view octets, std::size_t at) {
  return static_cast<std::size_t>(static_cast<unsigned char>(octets[at])) << 8 |
         static_cast<unsigned char>(octets[at + 1]);
}

/// The only name of a server name extension (RFC 6066 section 3): length of the list, type 0, length, name.
std::string_view only_server_name(std::string_view octets) {
  constexpr std::size_t head = 5;
  if (octets.size() <= head || octets[2] != 0) return {};
  if (number_at(octets, 0) != octets.size() - 2 || number_at(octets, 3) != octets.size() - head) return {};
  return octets.substr(head);
}

/// Only the certificate of the entry is taken: the rest stays as the endpoint has it.
bool show(SSL* ssl, SSL_CTX* entry) {
  SSL_certs_clear(ssl);
  if (SSL_use_certificate(ssl, SSL_CTX_get0_certificate(entry)) != 1) return false;
  if (SSL_use_PrivateKey(ssl, SSL_CTX_get0_privatekey(entry)) != 1) return false;
  SSL_set_verify(ssl, SSL_VERIFY_NONE, nullptr);
  SSL_set_options(ssl, SSL_OP_NO_TICKET);
  return SSL_set_num_tickets(ssl, 0) == 1 && SSL_set_ex_data(ssl, mark_index(), ssl) == 1;
}

/// Comes before everything that a ClientHello causes, the resumption of a session too.
int on_client_hello(SSL* ssl, int* alert, void* challenges) {
  if (extension(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation) != only_acme_offered)
    return SSL_CLIENT_HELLO_SUCCESS;
  const auto name = canonical_server_name(only_server_name(extension(ssl, TLSEXT_TYPE_server_name)));
  const auto entry = name ? static_cast<const AcmeChallenges*>(challenges)->alpn(*name) : nullptr;
  if (!entry || show(ssl, entry.get())) return SSL_CLIENT_HELLO_SUCCESS;
  *alert = SSL_AD_INTERNAL_ERROR;
  return SSL_CLIENT_HELLO_ERROR;
}

}  // namespace

bool answer_acme_challenges(SSL_CTX* context, std::shared_ptr<const AcmeChallenges> challenges) {
  const AcmeChallenges* all = challenges.get();
  auto held = std::make_unique<Challenges>(std::move(challenges));
  if (SSL_CTX_set_ex_data(context, challenges_index(), held.get()) != 1) return false;
  held.release();
  SSL_CTX_set_client_hello_cb(context, on_client_hello, const_cast<AcmeChallenges*>(all));
  return true;
}

bool is_acme_handshake(const SSL* ssl) { return SSL_get_ex_data(ssl, mark_index()) != nullptr; }

}  // namespace transom::tls
