#include "tls/ocsp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "tls/ocsp_test_support.h"

namespace transom::tls {
namespace {

using test::Identity;
using test::ocsp_now;
using test::OcspAnswer;
using ::testing::HasSubstr;

class OcspTest : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(ERR_peek_error(), 0u) << "an error was left in OpenSSL's queue"; }

  Result<OcspVerdict> judge(const std::string& der, std::int64_t now = ocsp_now) {
    return judge_ocsp(der, leaf_.certificate.get(), ca_.certificate.get(), now);
  }
  Result<OcspVerdict> judge(const OcspAnswer& answer) {
    return judge(test::answer_ocsp(leaf_.certificate.get(), ca_, answer));
  }
  std::string refusal(const Result<OcspVerdict>& verdict) {
    return verdict ? "it was accepted" : verdict.error().message;
  }
  Identity delegate(const std::string& usage, const Identity& issuer, std::int64_t end = test::epoch_2100) {
    return test::issue("responder", test::ec_key(),
                       {{NID_key_usage, "critical,digitalSignature"}, {NID_ext_key_usage, usage}}, &issuer,
                       test::epoch_2020, end);
  }

  Identity ca_ = test::issue("Authority", test::ec_key(), test::authority_extensions(), nullptr);
  Identity other_ca_ = test::issue("Authority", test::ec_key(), test::authority_extensions(), nullptr);
  Identity leaf_ = test::issue("leaf", test::ec_key(), test::leaf_extensions("http://ocsp.test/"), &ca_);
};

TEST_F(OcspTest, AGoodOneIsGoodUntilItsNextUpdate) {
  const auto verdict = judge(OcspAnswer{});
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_EQ(verdict->status, OcspVerdict::Status::good);
  EXPECT_EQ(verdict->this_update, ocsp_now - 600);
  EXPECT_EQ(verdict->next_update, ocsp_now + 86'400);
  EXPECT_EQ(verdict->good_until, ocsp_now + 86'400);
}

TEST_F(OcspTest, ARevokedOneSaysWhenAndWhy) {
  const auto verdict = judge(OcspAnswer{V_OCSP_CERTSTATUS_REVOKED, OCSP_REVOKED_STATUS_KEYCOMPROMISE});
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_EQ(verdict->status, OcspVerdict::Status::revoked);
  EXPECT_EQ(verdict->revoked_at, ocsp_now - 660);
  EXPECT_EQ(verdict->reason, "keyCompromise");
  EXPECT_EQ(judge(OcspAnswer{V_OCSP_CERTSTATUS_REVOKED})->reason, "");
}

TEST_F(OcspTest, AnUnknownOneIsUnknown) {
  EXPECT_EQ(judge(OcspAnswer{V_OCSP_CERTSTATUS_UNKNOWN})->status, OcspVerdict::Status::unknown);
}

TEST_F(OcspTest, WithoutNextUpdateItHoldsForAnHour) {
  OcspAnswer answer;
  answer.next_update = 0;
  EXPECT_EQ(judge(answer)->good_until, answer.this_update + 3600);
  answer.this_update = ocsp_now - 3600;
  EXPECT_THAT(refusal(judge(answer)), HasSubstr("has expired"));
}

TEST_F(OcspTest, ExpiryIsToTheSecond) {
  OcspAnswer answer;
  answer.next_update = ocsp_now + 1;
  EXPECT_TRUE(judge(answer));
  answer.next_update = ocsp_now;
  EXPECT_THAT(refusal(judge(answer)), HasSubstr("has expired: it was good until 2027-01-15 08:00:00 UTC"));
}

TEST_F(OcspTest, TheFutureIsAMatterOfTheClock) {
  OcspAnswer answer;
  answer.this_update = ocsp_now + 300;
  EXPECT_TRUE(judge(answer));
  answer.this_update = ocsp_now + 301;
  EXPECT_THAT(refusal(judge(answer)), HasSubstr("set the clock"));
}

TEST_F(OcspTest, ItMustNotOutliveTheCertificate) {
  leaf_ = test::issue("leaf", test::ec_key(), test::leaf_extensions(""), &ca_, test::epoch_2020, ocsp_now + 1000);
  OcspAnswer answer;
  answer.next_update = ocsp_now + 1000;
  EXPECT_TRUE(judge(answer));
  answer.next_update = ocsp_now + 1001;
  EXPECT_THAT(refusal(judge(answer)), HasSubstr("after the end of the certificate"));
  answer.next_update = 0;
  answer.this_update = ocsp_now;
  EXPECT_EQ(judge(answer)->good_until, ocsp_now + 1000);
}

TEST_F(OcspTest, TheIssuerMaySignWithoutSendingItsCertificate) {
  OcspAnswer answer;
  answer.with_signer_certificate = false;
  EXPECT_TRUE(judge(answer));
}

TEST_F(OcspTest, AStrangerMayNotSign) {
  OcspAnswer answer;
  answer.signer = &other_ca_;  // of the same name, even
  EXPECT_THAT(refusal(judge(answer)), HasSubstr("cannot be trusted"));
  const Identity self_made = test::issue("Authority", test::ec_key(), {{NID_ext_key_usage, "OCSPSigning"}}, nullptr);
  answer.signer = &self_made;
  EXPECT_THAT(refusal(judge(answer)), HasSubstr("cannot be trusted"));
}

TEST_F(OcspTest, ADelegateNeedsTheRightFromThisIssuer) {
  const Identity entitled = delegate("OCSPSigning", ca_);
  const Identity not_entitled = delegate("serverAuth", ca_);
  const Identity of_another = delegate("OCSPSigning", other_ca_);
  OcspAnswer answer;
  answer.signer = &entitled;
  EXPECT_TRUE(judge(answer)) << refusal(judge(answer));
  answer.signer = &not_entitled;
  EXPECT_THAT(refusal(judge(answer)), HasSubstr("OCSPSigning"));
  answer.signer = &of_another;
  EXPECT_THAT(refusal(judge(answer)), HasSubstr("cannot be trusted"));
  answer.signer = &leaf_;
  EXPECT_THAT(refusal(judge(answer)), HasSubstr("OCSPSigning"));
  answer.signer = &entitled;
  answer.with_signer_certificate = false;
  EXPECT_THAT(refusal(judge(answer)), HasSubstr("neither the issuer's nor in the response"));
}

TEST_F(OcspTest, ADelegatesCertificateMustHoldAsLong) {
  const Identity ended = delegate("OCSPSigning", ca_, ocsp_now - 1);
  OcspAnswer answer;
  answer.signer = &ended;
  EXPECT_THAT(refusal(judge(answer)), HasSubstr("cannot be trusted"));
  const Identity ending = delegate("OCSPSigning", ca_, ocsp_now + 500);
  answer.signer = &ending;
  EXPECT_EQ(judge(answer)->good_until, ocsp_now + 500);
}

TEST_F(OcspTest, ItMustSpeakOfThisCertificate) {
  const Identity neighbour = test::issue("leaf", test::ec_key(), test::leaf_extensions(""), &ca_);
  EXPECT_THAT(refusal(judge(test::answer_ocsp(neighbour.certificate.get(), ca_))), HasSubstr("another certificate"));
  OcspAnswer answer;
  answer.id_hash = EVP_sha256();
  EXPECT_TRUE(judge(answer)) << "the id may be made with another hash";
  answer.id_hash = EVP_md5();
  EXPECT_FALSE(judge(answer));
}

TEST_F(OcspTest, RefusalsOfTheResponderSayWhatToDo) {
  EXPECT_THAT(refusal(judge(test::refuse_ocsp(OCSP_RESPONSE_STATUS_TRYLATER))), HasSubstr("trylater"));
  EXPECT_THAT(refusal(judge(test::refuse_ocsp(OCSP_RESPONSE_STATUS_UNAUTHORIZED))), HasSubstr("does not know"));
}

TEST_F(OcspTest, EveryCutAndEveryFlippedOctetIsRefused) {
  const std::string whole = test::answer_ocsp(leaf_.certificate.get(), ca_);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    ASSERT_FALSE(judge(whole.substr(0, length))) << "cut to " << length;
  }
  OcspAnswer bare;
  bare.with_signer_certificate = false;  // for its certificate is not under the signature
  std::string altered = test::answer_ocsp(leaf_.certificate.get(), ca_, bare);
  for (char& octet : altered) {
    octet = static_cast<char>(octet ^ 1);
    EXPECT_FALSE(judge(altered)) << "at " << &octet - altered.data();
    octet = static_cast<char>(octet ^ 1);
  }
  EXPECT_TRUE(judge(altered));
}

TEST_F(OcspTest, GarbageAndTooMuchAreRefused) {
  EXPECT_THAT(refusal(judge("<html>404</html>")), HasSubstr("no OCSP response"));
  EXPECT_THAT(refusal(judge(test::answer_ocsp(leaf_.certificate.get(), ca_) + "x")), HasSubstr("1 octets follow"));
  EXPECT_THAT(refusal(judge(std::string(65'537, '0'))), HasSubstr("longer than 65536"));
}

TEST_F(OcspTest, TheQueryIsBySha1AndWithoutNonce) {
  const auto query = make_ocsp_query(leaf_.certificate.get(), ca_.certificate.get());
  ASSERT_TRUE(query) << query.error().message;
  const auto* at = reinterpret_cast<const unsigned char*>(query->der.data());
  const OcspRequestHandle request(d2i_OCSP_REQUEST(nullptr, &at, static_cast<long>(query->der.size())));
  ASSERT_TRUE(request);
  ASSERT_EQ(OCSP_request_onereq_count(request.get()), 1);
  EXPECT_EQ(OCSP_REQUEST_get_ext_count(request.get()), 0);
  const OcspIdHandle id(OCSP_cert_to_id(EVP_sha1(), leaf_.certificate.get(), ca_.certificate.get()));
  EXPECT_EQ(OCSP_id_cmp(OCSP_onereq_get0_id(OCSP_request_onereq_get0(request.get(), 0)), id.get()), 0);
  EXPECT_EQ(query->id.size(), 64u);
}

TEST_F(OcspTest, ShortAddressesAreGotLongOnesPosted) {
  OcspQuery query;
  query.der = "\xfb\xff\xbf~";
  EXPECT_EQ(ocsp_get_url("http://a.test", query), "http://a.test/%2B%2F%2B%2Ffg%3D%3D");
  EXPECT_EQ(ocsp_get_url("http://a.test/ocsp/", query), "http://a.test/ocsp/%2B%2F%2B%2Ffg%3D%3D");
  EXPECT_EQ(ocsp_get_url("http://a.test/?ca=1", query), "");
  const std::string prefix = "http://a.test/";
  query.der = std::string((255 - prefix.size()) / 4 * 3, 'x');
  EXPECT_FALSE(ocsp_get_url(prefix, query).empty());
  query.der += "xxx";
  EXPECT_EQ(ocsp_get_url(prefix, query), "");
}

TEST_F(OcspTest, TheResponderIsTheFirstThatSpeaksPlainHttp) {
  const auto responder = [&](const std::string& access) {
    const Identity leaf = test::issue("leaf", test::ec_key(), {{NID_info_access, access}}, &ca_);
    return ocsp_responder(leaf.certificate.get());
  };
  EXPECT_EQ(ocsp_responder(leaf_.certificate.get()), "http://ocsp.test/");
  EXPECT_EQ(ocsp_responder(ca_.certificate.get()), "");
  EXPECT_EQ(responder("OCSP;URI:https://a.test,OCSP;URI:HTTP://b.test:80/x,OCSP;URI:http://c.test"),
            "HTTP://b.test:80/x");
  EXPECT_EQ(responder("caIssuers;URI:http://a.test/ca.der"), "");
  EXPECT_EQ(responder("OCSP;URI:http://a.test/ Evil"), "");
  EXPECT_EQ(responder("OCSP;URI:http://" + std::string(1100, 'a')), "");
}

TEST_F(OcspTest, MustStapleIsSeen) {
  EXPECT_FALSE(must_staple(leaf_.certificate.get()));
  const Identity insists = test::issue("leaf", test::ec_key(), test::leaf_extensions("", true), &ca_);
  EXPECT_TRUE(must_staple(insists.certificate.get()));
}

TEST_F(OcspTest, AFileMayBeDerOrPem) {
  const std::string der = test::answer_ocsp(leaf_.certificate.get(), ca_);
  EXPECT_EQ(*ocsp_response_in(der), der);
  const BioHandle out(BIO_new(BIO_s_mem()));
  PEM_write_bio(out.get(), PEM_STRING_OCSP_RESPONSE, "", reinterpret_cast<const unsigned char*>(der.data()),
                static_cast<long>(der.size()));
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  const std::string pem(text, static_cast<std::size_t>(size));
  EXPECT_EQ(*ocsp_response_in("a comment\n" + pem), der);
  EXPECT_EQ(*ocsp_response_in(leaf_.certificate_text + pem), der);
  EXPECT_FALSE(ocsp_response_in(leaf_.certificate_text));
}

}  // namespace
}  // namespace transom::tls
