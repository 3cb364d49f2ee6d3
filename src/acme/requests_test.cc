#include "acme/requests.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "acme/alpn_certificate.h"
#include "acme/jws.h"
#include "pki/keys.h"
#include "pki/requests.h"
#include "tls/certificate_builder.h"
#include "tls/certificate_info.h"
#include "tls/pem_file.h"
#include "wire/base64.h"

namespace transom::acme {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

// The certificate of RFC 9773, appendix A.
constexpr char kExample[] = R"(-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----
)";

TEST(RenewalId, IsTheExampleOfRfc9773) {
  const auto certificates = tls::parse_certificates(kExample, "example");
  ASSERT_TRUE(certificates) << certificates.error().message;
  EXPECT_EQ(renewal_id(certificates->front().certificate.get()), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
}

TEST(Payloads, SayWhatTheyMust) {
  EXPECT_EQ(json::parse(new_account({})), json({{"termsOfServiceAgreed", true}}));
  EXPECT_EQ(json::parse(new_account({"a@example.com"}))["contact"], json({"mailto:a@example.com"}));
  EXPECT_EQ(json::parse(changed_contacts({})), json({{"contact", json::array()}}));
  EXPECT_EQ(json::parse(new_order({"a.example"}, "")),
            json({{"identifiers", {{{"type", "dns"}, {"value", "a.example"}}}}}));
  EXPECT_EQ(json::parse(new_order({"a.example"}, "x.y"))["replaces"], "x.y");
}

TEST(Finalize, HoldsARequestForTheNames) {
  const auto key = pki::make_key({});
  const auto payload = finalize({"a.example", "b.example"}, key->get());
  ASSERT_TRUE(payload) << payload.error().message;
  std::string text = json::parse(*payload)["csr"];
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  text.append((4 - text.size() % 4) % 4, '=');
  const auto request = pki::read_request(*wire::base64_decode(text), "it");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_THAT(pki::requested_names(request->get(), "it")->dns, ElementsAre("a.example", "b.example"));
}

TEST(AlpnCertificate, HoldsTheDigestOfTheKeyAuthorization) {
  const auto key = pki::make_key({});
  const auto certificate = make_alpn_certificate("a.example", "token.thumbprint", 1'800'000'000, key->get());
  ASSERT_TRUE(certificate) << certificate.error().message;
  EXPECT_EQ(X509_verify(certificate->get(), key->get()), 1);
  EXPECT_THAT(tls::certificate_info(certificate->get())->dns_names, ElementsAre("a.example"));
  ASN1_OBJECT* object = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
  const int place = X509_get_ext_by_OBJ(certificate->get(), object, -1);
  ASN1_OBJECT_free(object);
  ASSERT_GE(place, 0);
  X509_EXTENSION* extension = X509_get_ext(certificate->get(), place);
  EXPECT_EQ(X509_EXTENSION_get_critical(extension), 1);
  const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(extension);
  const std::string octets(reinterpret_cast<const char*>(value->data), static_cast<std::size_t>(value->length));
  EXPECT_EQ(octets.substr(0, 2), "\x04\x20");
  EXPECT_EQ(base64url(octets.substr(2)), thumbprint_of("token.thumbprint")) << "both are a SHA-256";
  EXPECT_TRUE(make_alpn_context("a.example", "token.thumbprint", 1'800'000'000));
}

}  // namespace
}  // namespace transom::acme
