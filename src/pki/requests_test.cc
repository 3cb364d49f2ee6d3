#include "pki/requests.h"

#include <gtest/gtest.h>

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

TEST(Requests, GarbageIsRefused) {
  EXPECT_FALSE(read_request("", "csr").has_value());
  EXPECT_FALSE(read_request("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", "csr")
                   .has_value());
}

}  // namespace
}  // namespace transom::pki
