#include "acme/requests.h"

#include <nlohmann/json.hpp>

#include "acme/jws.h"
#include "pki/requests.h"
#include "tls/openssl_error.h"

namespace transom::acme {
namespace {

using Json = nlohmann::json;
using KeyIdentifier = std::unique_ptr<AUTHORITY_KEYID, tls::FreeWith<AUTHORITY_KEYID_free>>;

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json addresses(const std::vector<std::string>& contacts) {
  Json list = Json::array();
  for (const std::string& contact : contacts) list.push_back("mailto:" + contact);
  return list;
}

std::string octets_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

/// The content of the DER number: a leading zero keeps it positive.
std::string serial_octets(X509* certificate) {
  std::string octets = octets_of(X509_get0_serialNumber(certificate));
  if (!octets.empty() && (static_cast<unsigned char>(octets.front()) & 0x80) != 0) octets.insert(0, 1, '\0');
  return octets;
}

}  // namespace

std::string new_account(const std::vector<std::string>& contacts) {
  Json json = {{"termsOfServiceAgreed", true}};
  if (!contacts.empty()) json["contact"] = addresses(contacts);
  return text_of(json);
}

std::string changed_contacts(const std::vector<std::string>& contacts) {
  return text_of({{"contact", addresses(contacts)}});
}

std::string new_order(const std::vector<std::string>& domains, const std::string& replaces) {
  Json json = {{"identifiers", Json::array()}};
  for (const std::string& domain : domains) json["identifiers"].push_back({{"type", "dns"}, {"value", domain}});
  if (!replaces.empty()) json["replaces"] = replaces;
  return text_of(json);
}

Result<std::string> finalize(const std::vector<std::string>& domains, EVP_PKEY* key) {
  pki::Names names;
  names.dns = domains;
  const auto pem = pki::make_request(names, key);
  if (!pem) return pem;
  const auto request = pki::read_request(*pem, "the request");
  if (!request) return tl::make_unexpected(request.error());
  unsigned char* der = nullptr;
  const int length = i2d_X509_REQ(request->get(), &der);
  if (length <= 0) return fail("cannot write the request for a certificate");
  const std::string encoded = base64url(ByteSpan(der, static_cast<std::size_t>(length)));
  OPENSSL_free(der);
  return text_of({{"csr", encoded}});
}

Result<std::string> renewal_id(X509* certificate) {
  const tls::ErrorScope errors;
  const KeyIdentifier issuer(
      static_cast<AUTHORITY_KEYID*>(X509_get_ext_d2i(certificate, NID_authority_key_identifier, nullptr, nullptr)));
  if (!issuer || issuer->keyid == nullptr) return fail("the certificate does not say which key signed it");
  return base64url(octets_of(issuer->keyid)) + "." + base64url(serial_octets(certificate));
}

}  // namespace transom::acme
