#include <openssl/sha.h>

#include <algorithm>

#include "tls/ocsp.h"
#include "tls/ocsp_handles.h"
#include "tls/openssl_error.h"

namespace transom::tls {
namespace {

constexpr std::size_t kMaxGetUrl = 255;      // RFC 5019 section 5
constexpr std::size_t kMaxResponder = 1024;  // octets of an address that somebody could mean
constexpr int kStatusRequest = 5;            // the TLS extension that a must-staple certificate names

template <typename Object, typename Encode>
std::string encoded(Object* object, Encode encode) {
  unsigned char* octets = nullptr;
  const int length = encode(object, &octets);
  if (length <= 0) return "";
  std::string text(reinterpret_cast<char*>(octets), static_cast<std::size_t>(length));
  OPENSSL_free(octets);
  return text;
}

std::string sha256_hex(const std::string& octets) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(octets.data()), octets.size(), digest);
  std::string text;
  for (const unsigned char octet : digest) text += fmt::format("{:02x}", octet);
  return text;
}

/// Base64, with the characters escaped that mean something in an address.
std::string base64_for_url(const std::string& octets) {
  std::string plain(4 * ((octets.size() + 2) / 3) + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(plain.data()),
                      reinterpret_cast<const unsigned char*>(octets.data()), static_cast<int>(octets.size()));
  plain.resize(static_cast<std::size_t>(length));
  std::string escaped;
  for (const char c : plain) {
    if (c == '+' || c == '/' || c == '=') {
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      escaped += c;
    }
  }
  return escaped;
}

/// Nothing that could end a line of the HTTP request or hide in a log.
bool can_be_asked(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
  return url.size() > scheme.size() && url.size() <= kMaxResponder &&
         std::equal(scheme.begin(), scheme.end(), url.begin(), same) &&
         std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

Result<OcspQuery> make_ocsp_query(X509* leaf, X509* issuer) {
  const ErrorScope errors;
  const OcspRequestHandle request(OCSP_REQUEST_new());
  OcspIdHandle id(OCSP_cert_to_id(EVP_sha1(), leaf, issuer));
  OcspQuery query;
  if (id) query.id = sha256_hex(encoded(id.get(), i2d_OCSP_CERTID));
  if (!request || !id || OCSP_request_add0_id(request.get(), id.get()) == nullptr) {
    return fail("cannot make an OCSP request: {}", openssl_reason());
  }
  id.release();
  query.der = encoded(request.get(), i2d_OCSP_REQUEST);
  return query;
}

std::string ocsp_get_url(std::string_view responder, const OcspQuery& query) {
  if (responder.find_first_of("?#") != std::string_view::npos) return "";
  std::string url(responder);
  if (url.back() != '/') url += '/';
  url += base64_for_url(query.der);
  return url.size() <= kMaxGetUrl ? url : "";
}

std::string ocsp_responder(X509* certificate) {
  const ErrorScope errors;
  std::string found;
  STACK_OF(OPENSSL_STRING)* urls = X509_get1_ocsp(certificate);
  for (int i = 0; i < sk_OPENSSL_STRING_num(urls) && found.empty(); ++i) {
    const std::string_view url = sk_OPENSSL_STRING_value(urls, i);
    if (can_be_asked(url)) found = url;
  }
  X509_email_free(urls);
  return found;
}

bool must_staple(X509* certificate) {
  const ErrorScope errors;
  auto* features = static_cast<TLS_FEATURE*>(X509_get_ext_d2i(certificate, NID_tlsfeature, nullptr, nullptr));
  bool found = false;
  for (int i = 0; i < sk_ASN1_INTEGER_num(features); ++i) {
    found = found || ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) == kStatusRequest;
  }
  TLS_FEATURE_free(features);
  return found;
}

std::string utc_text(std::int64_t seconds) {
  const time_t time = seconds;
  struct tm parts {};
  if (OPENSSL_gmtime(&time, &parts) == nullptr) return "?";
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace transom::tls
