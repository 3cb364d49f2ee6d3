#include "tls/connection_facts.h"

#include <openssl/sha.h>

#include <algorithm>
#include <iterator>
#include <memory>

#include "tls/certificate_info.h"
#include "tls/openssl_error.h"

namespace transom::tls {
namespace {

constexpr std::size_t id_octets = 32;

// ---- The connection ------------------------------------------------------------------------------------------------

/// The names that people use, where OpenSSL says others.
std::string group_name(SSL* ssl, int nid) {
  struct Known {
    std::string_view theirs, ours;
  };
  static constexpr Known known[] = {{"x25519", "X25519"},   {"x448", "X448"},       {"secp256r1", "P-256"},
                                    {"secp384r1", "P-384"}, {"secp521r1", "P-521"}, {"prime256v1", "P-256"}};
  const char* name = SSL_group_to_name(ssl, nid);
  if (name == nullptr) return "";
  const auto* row =
      std::find_if(std::begin(known), std::end(known), [name](const Known& one) { return one.theirs == name; });
  return std::string(row == std::end(known) ? std::string_view(name) : row->ours);
}

/// A resumption of TLS 1.2 exchanges no key, though the session still remembers the first one's group.
std::string group_of(SSL* ssl, const SSL_CIPHER* suite) {
  const bool tls13 = SSL_version(ssl) >= TLS1_3_VERSION;
  if (!tls13 && SSL_session_reused(ssl) == 1) return "";
  if (!tls13 && SSL_CIPHER_get_kx_nid(suite) == NID_kx_dhe) return "DH";
  if (!tls13 && SSL_CIPHER_get_kx_nid(suite) != NID_kx_ecdhe) return "";
  return group_name(ssl, static_cast<int>(SSL_get_negotiated_group(ssl)));
}

// ---- The client's certificate --------------------------------------------------------------------------------------

/// ASCII only, all else escaped: what `openssl x509 -nameopt RFC2253` prints.
std::string ascii_name(const X509_NAME* name) {
  const BioHandle out(BIO_new(BIO_s_mem()));
  if (!out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253) < 0) return "?";
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

std::string common_name_of(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return "";
  unsigned char* text = nullptr;  // OpenSSL gives nothing that is not UTF-8
  const int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (length < 0) return "";
  std::string result(reinterpret_cast<const char*>(text), static_cast<std::size_t>(length));
  OPENSSL_free(text);
  return result;
}

std::string serial_of(X509* certificate) {
  const std::unique_ptr<BIGNUM, FreeWith<BN_free>> number(
      ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  char* digits = number ? BN_bn2hex(number.get()) : nullptr;
  if (digits == nullptr) return "";
  std::string text(digits);
  OPENSSL_free(digits);
  return text;
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

/// Adds a name that is what it says. A certificate's strings may hold any octets, zero among them.
void add_text(const ASN1_IA5STRING* name, std::vector<std::string>& names) {
  std::string text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name)),
                   static_cast<std::size_t>(ASN1_STRING_length(name)));
  if (is_printable(text) && !text.empty()) names.push_back(std::move(text));
}

void add_names(X509* certificate, PeerCertificate& peer) {
  const NamesHandle names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) add_text(name->d.dNSName, peer.dns_names);
    if (name->type == GEN_EMAIL) add_text(name->d.rfc822Name, peer.emails);
    if (name->type == GEN_URI) add_text(name->d.uniformResourceIdentifier, peer.uris);
    if (name->type != GEN_IPADD) continue;
    if (std::string address = address_text(name->d.iPAddress); !address.empty()) {
      peer.ip_addresses.push_back(std::move(address));
    }
  }
}

/// Null unless it was verified, now or in the handshake that is resumed.
X509* verified_certificate(SSL* ssl) {
  const bool asked = SSL_is_server(ssl) == 1 && (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0;
  return asked && SSL_get_verify_result(ssl) == X509_V_OK ? SSL_get0_peer_certificate(ssl) : nullptr;
}

PeerCertificate describe(X509* certificate) {
  PeerCertificate peer;
  peer.subject = ascii_name(X509_get_subject_name(certificate));
  peer.issuer = ascii_name(X509_get_issuer_name(certificate));
  peer.common_name = common_name_of(X509_get_subject_name(certificate));
  peer.serial = serial_of(certificate);
  peer.not_before = seconds_of(X509_get0_notBefore(certificate));
  peer.not_after = seconds_of(X509_get0_notAfter(certificate));
  peer.sha1 = fingerprint(certificate, EVP_sha1());
  peer.sha256 = fingerprint(certificate, EVP_sha256());
  add_names(certificate, peer);
  return peer;
}

// ---- Channel binding -----------------------------------------------------------------------------------------------

/// Without the extended master secret an attacker in the middle could bring both sides of TLS 1.2 to the same values.
bool binds_the_channel(SSL* ssl) { return SSL_version(ssl) >= TLS1_3_VERSION || SSL_get_extms_support(ssl) == 1; }

std::string finished_id(SSL* ssl) {
  if (!binds_the_channel(ssl)) return "";
  unsigned char finished[EVP_MAX_MD_SIZE];
  const std::size_t size = SSL_is_server(ssl) == 1 ? SSL_get_peer_finished(ssl, finished, sizeof finished)
                                                   : SSL_get_finished(ssl, finished, sizeof finished);
  if (size == 0 || size > sizeof finished) return "";
  std::string id(id_octets, '\0');
  SHA256(finished, size, reinterpret_cast<unsigned char*>(id.data()));
  return id;
}

std::string exporter_id(SSL* ssl) {
  static constexpr std::string_view label = "EXPORTER-Channel-Binding";
  if (!binds_the_channel(ssl)) return "";
  std::string id(id_octets, '\0');
  const int done = SSL_export_keying_material(ssl, reinterpret_cast<unsigned char*>(id.data()), id.size(), label.data(),
                                              label.size(), nullptr, 0, 0);
  return done == 1 ? id : "";
}

}  // namespace

ConnectionFacts connection_facts(SSL* ssl) {
  const ErrorScope errors;
  ConnectionFacts facts;
  const SSL_CIPHER* suite = SSL_get_current_cipher(ssl);
  if (suite == nullptr) return facts;
  const char* standard_name = SSL_CIPHER_standard_name(suite);
  facts.version = SSL_get_version(ssl);
  facts.suite = standard_name != nullptr ? standard_name : SSL_CIPHER_get_name(suite);
  facts.group = group_of(ssl, suite);
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name != nullptr && is_printable(name)) facts.server_name = name;  // the client may have sent any octets
  facts.resumed = SSL_session_reused(ssl) == 1;
  if (X509* certificate = verified_certificate(ssl)) facts.peer = describe(certificate);
  return facts;
}

std::string summary(const ConnectionFacts& facts) {
  std::string text = facts.version + " " + facts.suite;
  if (!facts.group.empty()) text += " " + facts.group;
  text += facts.resumed ? " resumed" : " full";
  if (!facts.server_name.empty()) text += " sni=" + facts.server_name;
  if (facts.peer) text += " \"" + facts.peer->subject + "\"";
  return text;
}

std::string channel_id(SSL* ssl, std::string_view type) {
  const ErrorScope errors;
  if (type == "tls-unique") return finished_id(ssl);
  if (type == "tls-exporter") return exporter_id(ssl);
  return "";
}

}  // namespace transom::tls
