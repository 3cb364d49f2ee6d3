#include "pki/requests.h"

#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include "pki/keys.h"

namespace transom::pki {
namespace {

using Words = std::vector<std::string>;

std::string request_for(const Words& words) {
  const auto names = parse_names(words);
  const auto key = make_key({});
  auto pem = make_request(*names, key->get());
  EXPECT_TRUE(pem.has_value());
  return *pem;
}

TEST(Requests, HoldTheNamesAskedFor) {
  const auto request = read_request(request_for({"example.com", "192.0.2.1", "::1", "a@example.com"}), "csr");
  ASSERT_TRUE(request.has_value()) << request.error().message;
  const auto names = requested_names(request->get(), "csr");
  ASSERT_TRUE(names.has_value()) << names.error().message;
  EXPECT_EQ(names->dns, Words{"example.com"});
  EXPECT_EQ(names->ip_addresses, (Words{"192.0.2.1", "::1"}));
  EXPECT_EQ(names->emails, Words{"a@example.com"});
}

TEST(Requests, AForgedSignatureIsRefused) {
  const auto honest = read_request(request_for({"example.com"}), "csr");
  unsigned char* der = nullptr;
  const int length = i2d_X509_REQ(honest->get(), &der);
  ASSERT_GT(length, 0);
  std::string content(reinterpret_cast<char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  ASSERT_TRUE(read_request(content, "csr").has_value()) << "DER is read too";
  const std::size_t name = content.find("example.com");
  ASSERT_NE(name, std::string::npos);
  content[name] = 'E';
  const auto forged = read_request(content, "csr");
  ASSERT_FALSE(forged.has_value());
  EXPECT_NE(forged.error().message.find("not signed by its own key"), std::string::npos);
}

/// A request of one's own making, for "innocent.example" as its common name.
std::string request_with(const std::string& extension, int copies = 1) {
  const auto key = make_key({});
  const RequestHandle request(X509_REQ_new());
  X509_REQ_set_pubkey(request.get(), key->get());
  const auto* name = reinterpret_cast<const unsigned char*>("innocent.example");
  X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request.get()), "CN", MBSTRING_UTF8, name, -1, -1, 0);
  STACK_OF(X509_EXTENSION)* list = sk_X509_EXTENSION_new_null();
  ASN1_OCTET_STRING* value = ASN1_OCTET_STRING_new();
  ASN1_OCTET_STRING_set(value, reinterpret_cast<const unsigned char*>(extension.data()),
                        static_cast<int>(extension.size()));
  for (int i = 0; i < copies; ++i) {
    sk_X509_EXTENSION_push(list, X509_EXTENSION_create_by_NID(nullptr, NID_subject_alt_name, 0, value));
  }
  X509_REQ_add_extensions(request.get(), list);
  ASN1_OCTET_STRING_free(value);
  sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
  X509_REQ_sign(request.get(), key->get(), EVP_sha256());
  unsigned char* der = nullptr;
  const int length = i2d_X509_REQ(request.get(), &der);
  std::string content(reinterpret_cast<char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return content;
}

std::string refusal_of(const std::string& content) {
  const auto request = read_request(content, "csr");
  const auto names = request ? requested_names(request->get(), "csr") : Result<Names>(fail("not read"));
  return names ? "" : names.error().message;
}

TEST(Requests, NamesOfDamageAreNotTheCommonName) {
  const std::string good(
      "\x30\x0b\x82\x09"
      "a.example",
      13);
  EXPECT_EQ(refusal_of(request_with(good)), "");
  EXPECT_NE(refusal_of(request_with(good, 2)).find("stand there twice"), std::string::npos);
  EXPECT_NE(refusal_of(request_with("\x30\x7f\x82")).find("damaged"), std::string::npos);
  EXPECT_NE(refusal_of(request_with(std::string("\x30\x00", 2))).find("empty"), std::string::npos);
}

TEST(Requests, NamesThatWouldBeSignedOtherwiseThanShown) {
  const std::string name("10.0.0.7\0\r\x1b[2K", 14);
  const std::string said = refusal_of(request_with("\x30\x10\x82\x0e" + name));
  EXPECT_NE(said.find("10.0.0.7\\00\\0D\\1B[2K"), std::string::npos) << said;
}

TEST(Requests, GarbageIsRefused) {
  EXPECT_FALSE(read_request("", "csr").has_value());
  EXPECT_FALSE(read_request("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", "csr")
                   .has_value());
}

}  // namespace
}  // namespace transom::pki
