#include "tls/stream_error.h"

#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <cctype>
#include <iterator>

#include "tls/client_auth.h"

namespace transom::tls {
namespace {

struct Known {
  int code;
  const char* text;
};

constexpr Known reasons[] = {
    {SSL_R_HTTP_REQUEST, "the peer sent plain HTTP to a TLS port; use https:// or wss://"},
    {SSL_R_HTTPS_PROXY_REQUEST, "the peer sent a plain HTTP proxy request (CONNECT) to a TLS port"},
    {SSL_R_WRONG_VERSION_NUMBER, "the peer did not send TLS: its octets are no TLS record"},
    {SSL_R_NO_SHARED_CIPHER,
     "no cipher suite in common with the peer (suites, key type of the certificate and groups must all fit)"},
    {SSL_R_NO_SUITABLE_GROUPS, "no key exchange group in common with the peer"},
    {SSL_R_NO_SUITABLE_KEY_SHARE, "no key exchange group in common with the peer"},
    {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, "the peer accepts no signature that this certificate's key can make"},
    {SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, "no signature algorithm in common with the peer"},
    {SSL_R_NO_APPLICATION_PROTOCOL, "the peer offers by ALPN only protocols that are not spoken here (http/1.1 is)"},
    {SSL_R_INAPPROPRIATE_FALLBACK, "the peer fell back to an older TLS version although a newer one is possible"},
    {SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, "a record cannot be decrypted: it was altered on its way or garbled"},
    {SSL_R_BAD_RECORD_TYPE, "a record of no known type came: the octets are damaged or no TLS"},
    {SSL_R_ENCRYPTED_LENGTH_TOO_LONG, "a record is longer than TLS allows"},
    {SSL_R_PACKET_LENGTH_TOO_LONG, "a record is longer than TLS allows"},
    {SSL_R_DATA_LENGTH_TOO_LONG, "a record is longer than TLS allows"},
    {SSL_R_UNEXPECTED_MESSAGE, "a handshake message came out of turn"},
    {SSL_R_EXCESSIVE_MESSAGE_SIZE, "a handshake message is longer than allowed"},
    {SSL_R_TOO_MANY_WARN_ALERTS, "the peer sent too many warning alerts"},
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE,
     "the client showed no certificate, and this endpoint needs one (`client_auth` is required)"},
    {SSL_R_NO_RENEGOTIATION, "the peer refuses to renegotiate"},
};

constexpr Known alerts[] = {
    {SSL_AD_UNKNOWN_CA, "the peer does not trust the certificate: its authority is unknown there"},
    {SSL_AD_BAD_CERTIFICATE, "the peer does not accept the certificate"},
    {SSL_AD_UNSUPPORTED_CERTIFICATE, "the peer does not accept this kind of certificate"},
    {SSL_AD_CERTIFICATE_REVOKED, "the peer says the certificate is revoked"},
    {SSL_AD_CERTIFICATE_EXPIRED, "the peer says the certificate has expired"},
    {SSL_AD_CERTIFICATE_UNKNOWN, "the peer does not accept the certificate (browsers say so until they trust its CA)"},
    {SSL_AD_ACCESS_DENIED, "the peer denies access"},
    {SSL_AD_HANDSHAKE_FAILURE, "the peer finds no acceptable set of parameters"},
    {SSL_AD_PROTOCOL_VERSION, "the peer does not speak TLS 1.2 or 1.3"},
    {SSL_AD_INSUFFICIENT_SECURITY, "the peer asks for stronger parameters"},
    {SSL_AD_NO_APPLICATION_PROTOCOL, "the peer does not speak http/1.1 over TLS (ALPN)"},
    {SSL_AD_UNRECOGNIZED_NAME, "the peer does not serve this host name"},
    {TLS13_AD_CERTIFICATE_REQUIRED, "the peer asks for a client certificate"},
    {SSL_AD_USER_CANCELLED, "the peer gave up"},
};

template <std::size_t count>
const char* find(const Known (&table)[count], int code) {
  const auto* row = std::find_if(table, table + count, [code](const Known& known) { return known.code == code; });
  return row == table + count ? nullptr : row->text;
}

/// RFC 8446 writes unknown_ca where OpenSSL says "unknown CA".
std::string alert_name(int number) {
  std::string name = SSL_alert_desc_string_long(number);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return c == ' ' ? '_' : static_cast<char>(std::tolower(c)); });
  return name == "unknown" ? std::to_string(number) : name;
}

std::string describe_alert(int number) {
  const char* text = find(alerts, number);
  return fmt::format("{} (alert {})", text == nullptr ? "the peer ended the connection" : text, alert_name(number));
}

/// The server learns only the highest version of an old client's hello; a peer server names the one it chose.
std::string describe_version(SSL* ssl) {
  const int version = SSL_is_server(ssl) == 1 ? SSL_client_version(ssl) : SSL_version(ssl);
  const char* name = version == TLS1_1_VERSION ? "TLS 1.1"
                     : version == TLS1_VERSION ? "TLS 1.0"
                     : version == SSL3_VERSION ? "SSL 3"
                                               : nullptr;
  if (SSL_is_server(ssl) != 1) return "the server offers neither TLS 1.2 nor 1.3";
  if (name == nullptr) return "the client offers no TLS version in common; this node needs 1.2 or 1.3";
  return fmt::format("the client offers {} only; this node needs 1.2 or 1.3", name);
}

std::string describe_certificate(SSL* ssl) {
  if (std::string refusal = client_refusal(ssl); !refusal.empty()) return refusal;
  const long result = SSL_get_verify_result(ssl);
  return fmt::format("the {}'s certificate is not accepted: {}", SSL_is_server(ssl) == 1 ? "client" : "server",
                     X509_verify_cert_error_string(result));
}

/// The oldest entry of the TLS layer, which knows what it means, or else the oldest of all. Empties the queue.
unsigned long take_cause() {
  const unsigned long oldest = ERR_peek_error();
  while (const unsigned long error = ERR_get_error()) {
    if (ERR_GET_LIB(error) == ERR_LIB_SSL) return error;
  }
  return oldest;
}

std::string describe_other(unsigned long error) {
  const char* reason = ERR_reason_error_string(error);
  return fmt::format("TLS failed: {}", reason == nullptr ? "no reason given by OpenSSL" : reason);
}

}  // namespace

std::string describe_failure(SSL* ssl) {
  const unsigned long error = take_cause();
  if (error == 0) return "the connection cannot go on";
  const int reason = ERR_GET_REASON(error);
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return describe_other(error);
  if (reason > SSL_AD_REASON_OFFSET) return describe_alert(reason - SSL_AD_REASON_OFFSET);
  if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_VERSION_TOO_LOW) return describe_version(ssl);
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) return describe_certificate(ssl);
  if (const char* text = find(reasons, reason)) return text;
  return describe_other(error);
}

}  // namespace transom::tls
