#include "tls/local_ca.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "tls/pem_file.h"
#include "tls/test_support.h"

namespace transom::tls {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

constexpr std::int64_t now = 1'763'000'000;
constexpr std::int64_t day = 86400;

using StoreHandle = std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>>;
using StoreContextHandle = std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>>;

CertificateHandle first_certificate(const std::string& pem) {
  return std::move(test::require(parse_certificates(pem, "pem")).front().certificate);
}

class LocalCaTest : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(ERR_peek_error(), 0u); }

  /// Strict verification of `leaf` under the root, as a server for `host` or, if that is empty, `address`.
  int verify(X509* leaf, const std::string& host, const std::string& address = "") {
    const CertificateHandle root = first_certificate(ca_.root_cert_pem);
    const CertificateHandle intermediate = first_certificate(ca_.intermediate_cert_pem);
    const StoreHandle store(X509_STORE_new());
    X509_STORE_add_cert(store.get(), root.get());
    STACK_OF(X509)* others = sk_X509_new_null();
    sk_X509_push(others, intermediate.get());
    const StoreContextHandle context(X509_STORE_CTX_new());
    X509_STORE_CTX_init(context.get(), store.get(), leaf, others);
    X509_VERIFY_PARAM* wanted = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_flags(wanted, X509_V_FLAG_X509_STRICT | X509_V_FLAG_POLICY_CHECK);
    X509_VERIFY_PARAM_set_purpose(wanted, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set_time(wanted, now);
    X509_VERIFY_PARAM_set_auth_level(wanted, 2);
    if (!host.empty()) X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), 0);
    if (!address.empty()) X509_VERIFY_PARAM_set1_ip_asc(wanted, address.c_str());
    X509_verify_cert(context.get());
    const int error = X509_STORE_CTX_get_error(context.get());
    sk_X509_free(others);
    ERR_clear_error();
    return error;
  }

  /// What a thief of the intermediate's key could sign.
  CertificateHandle stolen(const std::string& name, const test::Extensions& extensions) {
    const CertificateHandle issuer = first_certificate(ca_.intermediate_cert_pem);
    const KeyHandle issuer_key = test::require(parse_private_key(ca_.intermediate_key_pem, "key"));
    const KeyHandle key = test::ec_key();
    return test::require(
        make_certificate({name, now - 60, now + 30 * day, extensions}, key.get(), issuer.get(), issuer_key.get()));
  }
  int verify_stolen(const std::string& names, const std::string& host, const std::string& address = "") {
    const CertificateHandle leaf = stolen("leaf", test::server_extensions(names));
    return verify(leaf.get(), host, address);
  }

  LocalCa ca_ = test::require(make_local_ca(now, "my host\n.example"));
  IssuedCertificate issued_ =
      test::require(issue_localhost_certificate(now, ca_.intermediate_cert_pem, ca_.intermediate_key_pem));
};

TEST_F(LocalCaTest, IssuesWhatStrictVerifiersAccept) {
  const CertificateHandle leaf = first_certificate(issued_.chain_pem);
  EXPECT_STREQ(X509_verify_cert_error_string(verify(leaf.get(), "localhost")), "ok");
  EXPECT_STREQ(X509_verify_cert_error_string(verify(leaf.get(), "", "127.0.0.1")), "ok");
  EXPECT_STREQ(X509_verify_cert_error_string(verify(leaf.get(), "", "::1")), "ok");
  EXPECT_EQ(verify(leaf.get(), "example.com"), X509_V_ERR_HOSTNAME_MISMATCH);
}

TEST_F(LocalCaTest, ConstraintsCoverSubdomainsAndTheLoopbackNetwork) {
  EXPECT_EQ(verify_stolen("DNS:app.localhost", "app.localhost"), X509_V_OK);
  EXPECT_EQ(verify_stolen("IP:127.1.2.3", "", "127.1.2.3"), X509_V_OK);
}

TEST_F(LocalCaTest, TheIntermediateVouchesForNothingElse) {
  EXPECT_EQ(verify_stolen("DNS:example.com", "example.com"), X509_V_ERR_PERMITTED_VIOLATION);
  EXPECT_EQ(verify_stolen("DNS:localhost,DNS:example.com", "example.com"), X509_V_ERR_PERMITTED_VIOLATION);
  EXPECT_EQ(verify_stolen("DNS:notlocalhost", "notlocalhost"), X509_V_ERR_PERMITTED_VIOLATION);
  EXPECT_EQ(verify_stolen("IP:10.0.0.1", "", "10.0.0.1"), X509_V_ERR_PERMITTED_VIOLATION);
  EXPECT_EQ(verify_stolen("IP:::2", "", "::2"), X509_V_ERR_PERMITTED_VIOLATION);
  EXPECT_EQ(verify_stolen("email:root@localhost", ""), X509_V_ERR_PERMITTED_VIOLATION);
  EXPECT_EQ(verify_stolen("URI:https://localhost/", ""), X509_V_ERR_PERMITTED_VIOLATION);
}

TEST_F(LocalCaTest, ACommonNameAloneDoesNotEscape) {
  const CertificateHandle leaf = stolen("example.com", {{NID_basic_constraints, "critical,CA:FALSE"}});
  EXPECT_NE(verify(leaf.get(), "example.com"), X509_V_OK);
}

TEST_F(LocalCaTest, TheIntermediateCannotMakeAuthoritiesOrClients) {
  const CertificateHandle client = stolen("client", {{NID_ext_key_usage, "clientAuth"}});
  EXPECT_EQ(verify(client.get(), ""), X509_V_ERR_INVALID_PURPOSE);
  const CertificateHandle intermediate = first_certificate(ca_.intermediate_cert_pem);
  EXPECT_EQ(X509_get_pathlen(intermediate.get()), 0);
  EXPECT_EQ(X509_get_pathlen(first_certificate(ca_.root_cert_pem).get()), 1);
}

TEST_F(LocalCaTest, SaysWhatItIs) {
  const CertificateInfo root = test::require(certificate_info(ca_.root_cert_pem));
  EXPECT_THAT(root.subject, MatchesRegex("CN=Transom local CA my-host-.example [0-9a-f]{6}"));
  EXPECT_EQ(root.subject, root.issuer);
  EXPECT_EQ(root.not_after - now, 3650 * day);
  EXPECT_THAT(root.sha256_fingerprint, MatchesRegex("([0-9A-F]{2}:){31}[0-9A-F]{2}"));
  const CertificateInfo leaf = test::require(certificate_info(issued_.chain_pem));
  EXPECT_EQ(leaf.subject, "CN=localhost");
  EXPECT_EQ(leaf.not_after - now, 90 * day);
  EXPECT_LT(leaf.not_before, now);
  EXPECT_THAT(leaf.dns_names, ElementsAre("localhost"));
  EXPECT_THAT(leaf.ip_addresses, ElementsAre("127.0.0.1", "::1"));
  const std::string both = ca_.root_cert_pem + ca_.intermediate_cert_pem;
  EXPECT_EQ(both.find("PRIVATE"), std::string::npos);
}

TEST_F(LocalCaTest, NoTwoAreAlike) {
  const LocalCa other = test::require(make_local_ca(now, "my host"));
  EXPECT_NE(test::require(certificate_info(other.root_cert_pem)).subject,
            test::require(certificate_info(ca_.root_cert_pem)).subject);
}

TEST_F(LocalCaTest, RenewsAfterTwoThirdsOrWhenSomethingChanged) {
  const std::string& issuer = ca_.intermediate_cert_pem;
  EXPECT_FALSE(renewal_due(issued_.chain_pem, issuer, now));
  EXPECT_FALSE(renewal_due(issued_.chain_pem, issuer, now + 59 * day));
  EXPECT_TRUE(renewal_due(issued_.chain_pem, issuer, now + 61 * day));
  EXPECT_TRUE(renewal_due(issued_.chain_pem, issuer, now - 2 * day));
  EXPECT_TRUE(renewal_due("garbage", issuer, now));
  EXPECT_TRUE(renewal_due(issued_.chain_pem, "", now));
  const LocalCa other = test::require(make_local_ca(now, "my host"));
  EXPECT_TRUE(renewal_due(issued_.chain_pem, other.intermediate_cert_pem, now));
  const CertificateHandle odd = stolen("localhost", test::server_extensions("DNS:localhost"));
  EXPECT_TRUE(renewal_due(test::require(certificate_pem(odd.get())), issuer, now));
}

TEST_F(LocalCaTest, KnowsWhenItIsOfNoMoreUse) {
  EXPECT_TRUE(local_ca_usable(ca_, now));
  EXPECT_FALSE(local_ca_usable(ca_, now + 3600 * day));
  LocalCa mixed = ca_;
  mixed.intermediate_key_pem = issued_.key_pem;
  EXPECT_FALSE(local_ca_usable(mixed, now));
  EXPECT_FALSE(issue_localhost_certificate(now, mixed.intermediate_cert_pem, mixed.intermediate_key_pem));
  EXPECT_FALSE(issue_localhost_certificate(now + 4000 * day, ca_.intermediate_cert_pem, ca_.intermediate_key_pem));
  mixed = ca_;
  mixed.root_cert_pem = test::require(make_local_ca(now, "x")).root_cert_pem;
  EXPECT_FALSE(local_ca_usable(mixed, now));
  EXPECT_FALSE(local_ca_usable({}, now));
}

TEST_F(LocalCaTest, LeafEndsWithItsIssuer) {
  const IssuedCertificate late =
      test::require(issue_localhost_certificate(now + 3640 * day, ca_.intermediate_cert_pem, ca_.intermediate_key_pem));
  EXPECT_EQ(test::require(certificate_info(late.chain_pem)).not_after, now + 3650 * day);
}

}  // namespace
}  // namespace transom::tls
