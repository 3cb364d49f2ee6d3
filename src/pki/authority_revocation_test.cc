// Revocation lists and OCSP answers, judged by the code that judges those of others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>

#include <map>

#include "pki/authority_crl.h"
#include "pki/authority_ocsp.h"
#include "pki/authority_testing.h"
#include "tls/ocsp.h"
#include "tls/ocsp_handles.h"

namespace transom::pki {
namespace {

using test::kDay;
using test::kNow;
using test::require;
using Is = CertificateState::Is;
using ::testing::HasSubstr;

TEST(RevocationList, NamesWhatIsRevoked) {
  const auto& issuer = test::limited().intermediate;
  const auto good = test::leaf_of(test::limited(), test::plan_for({"good.example.com"}));
  const auto lost = test::leaf_of(test::limited(), test::plan_for({"lost.example.com"}));
  const std::vector<Revocation> revoked = {{serial_text(lost.get()), kNow - 60, "keyCompromise"},
                                           {"0A", kNow - 50, "unspecified"}};
  const auto crl = require(make_crl(issuer, revoked, {7, kNow, kNow + 7 * kDay}));
  EXPECT_EQ(X509_CRL_verify(crl.get(), X509_get0_pubkey(issuer.certificate.get())), 1);
  X509_REVOKED* entry = nullptr;
  EXPECT_EQ(X509_CRL_get0_by_cert(crl.get(), &entry, lost.get()), 1);
  EXPECT_EQ(X509_CRL_get0_by_cert(crl.get(), &entry, good.get()), 0);
  const std::string der = require(crl_der(crl.get()));
  EXPECT_EQ(crl_number(der), 7);
  EXPECT_THAT(require(crl_pem(der)), HasSubstr("-----BEGIN X509 CRL-----"));
  EXPECT_FALSE(crl_pem("garbage").has_value());
  EXPECT_EQ(crl_number("garbage"), 0);
}

TEST(RevocationList, MayBeEmpty) {
  EXPECT_TRUE(make_crl(test::limited().root, {}, {1, kNow, kNow + kDay}).has_value());
  EXPECT_FALSE(make_crl(test::limited().root, std::vector<Revocation>{{"x", 0, ""}}, {1, kNow, kNow + kDay}));
}

TEST(RevocationList, ReasonsAreThoseOfTheStandard) {
  EXPECT_EQ(reason_code("keyCompromise"), 1);
  EXPECT_EQ(reason_code("cessationOfOperation"), 5);
  EXPECT_EQ(reason_code("boredom"), -1);
  EXPECT_EQ(revocation_reasons().front(), "unspecified");
}

class Responder : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(ERR_peek_error(), 0u); }

  OcspAnswer answer(std::string_view request) {
    return answer_ocsp(
        request, issuer_,
        [this](const std::string& serial) -> Result<CertificateState> {
          if (broken_) return fail("the disk is gone");
          return states_.contains(serial) ? states_.at(serial) : CertificateState{};
        },
        kNow, kDay);
  }
  tls::OcspVerdict verdict_on(X509* leaf) {
    const auto query = require(tls::make_ocsp_query(leaf, issuer_.certificate.get()));
    const OcspAnswer given = answer(query.der);
    EXPECT_EQ(given.problem, "");
    return require(tls::judge_ocsp(given.der, leaf, issuer_.certificate.get(), kNow + 10));
  }

  const SigningPair& issuer_ = test::limited().intermediate;
  tls::CertificateHandle leaf_ = test::leaf_of(test::limited(), test::plan_for({"example.com"}));
  std::map<std::string, CertificateState> states_;
  bool broken_ = false;
};

TEST_F(Responder, KnowsGoodRevokedAndUnknown) {
  EXPECT_EQ(verdict_on(leaf_.get()).status, tls::OcspVerdict::Status::unknown);
  states_[serial_text(leaf_.get())] = {Is::good, 0, ""};
  const auto good = verdict_on(leaf_.get());
  EXPECT_EQ(good.status, tls::OcspVerdict::Status::good);
  EXPECT_EQ(good.next_update, kNow + kDay);
  states_[serial_text(leaf_.get())] = {Is::revoked, kNow - 5, "keyCompromise"};
  const auto revoked = verdict_on(leaf_.get());
  EXPECT_EQ(revoked.status, tls::OcspVerdict::Status::revoked);
  EXPECT_EQ(revoked.revoked_at, kNow - 5);
  EXPECT_EQ(revoked.reason, "keyCompromise");
}

TEST_F(Responder, AnswersWhatComesInAnAddress) {
  const auto query = require(tls::make_ocsp_query(leaf_.get(), issuer_.certificate.get()));
  const std::string url = tls::ocsp_get_url("http://h/", query);
  ASSERT_FALSE(url.empty());
  EXPECT_EQ(ocsp_request_in(url.substr(std::string("http://h").size())), query.der);
  EXPECT_EQ(ocsp_request_in("/below/a/path" + url.substr(std::string("http://h").size())), query.der);
  for (const char* target : {"", "/", "/x", "//", "/index.html", "/%", "/%zz==", "/===="}) {
    EXPECT_EQ(ocsp_request_in(target), "") << target;
  }
}

std::string request_with_nonce(X509* leaf, X509* issuer, int nonce_octets) {
  const tls::OcspRequestHandle request(OCSP_REQUEST_new());
  OCSP_request_add0_id(request.get(), OCSP_cert_to_id(EVP_sha256(), leaf, issuer));
  std::vector<unsigned char> nonce(static_cast<std::size_t>(nonce_octets), 7);
  OCSP_request_add1_nonce(request.get(), nonce.data(), nonce_octets);
  unsigned char* octets = nullptr;
  const int length = i2d_OCSP_REQUEST(request.get(), &octets);
  std::string der(reinterpret_cast<char*>(octets), static_cast<std::size_t>(length));
  OPENSSL_free(octets);
  return der;
}

TEST_F(Responder, GivesTheNonceBackUnlessItIsALoad) {
  X509* issuer = issuer_.certificate.get();
  const OcspAnswer given = answer(request_with_nonce(leaf_.get(), issuer, 32));
  EXPECT_EQ(given.problem, "");
  EXPECT_NE(given.der.find(std::string(32, 7)), std::string::npos);
  EXPECT_NE(answer(request_with_nonce(leaf_.get(), issuer, 129)).problem, "");
}

TEST_F(Responder, CertificatesOfOthersAreUnknown) {
  const auto other = require(make_authority({"Other", ""}, kNow));
  const auto stranger = test::leaf_of(other, test::plan_for({"example.com"}));
  states_[serial_text(stranger.get())] = {Is::good, 0, ""};
  const auto request = request_with_nonce(stranger.get(), other.intermediate.certificate.get(), 8);
  const OcspAnswer given = answer(request);
  EXPECT_EQ(given.problem, "");
  EXPECT_FALSE(tls::judge_ocsp(given.der, stranger.get(), other.intermediate.certificate.get(), kNow).has_value());
}

TEST_F(Responder, NonsenseIsAnsweredAsSuch) {
  const auto query = require(tls::make_ocsp_query(leaf_.get(), issuer_.certificate.get()));
  for (std::size_t cut = 0; cut < query.der.size(); ++cut) {
    EXPECT_EQ(answer(query.der.substr(0, cut)).der, std::string("0\x03\n\x01\x01", 5)) << cut;
  }
  EXPECT_NE(answer(std::string(kMaxOcspRequest + 1, '0')).problem, "");
  const std::string honest = request_with_nonce(leaf_.get(), issuer_.certificate.get(), 8);
  for (std::size_t place = 0; place < honest.size(); ++place) {
    for (const char flip : {'\x01', '\x80', '\xff'}) {
      std::string changed = honest;
      changed[place] = static_cast<char>(changed[place] ^ flip);
      EXPECT_FALSE(answer(changed).der.empty()) << place;
    }
  }
  broken_ = true;
  const OcspAnswer given = answer(query.der);
  EXPECT_EQ(given.der, std::string("0\x03\n\x01\x03", 5)) << "tryLater";
  EXPECT_THAT(given.problem, HasSubstr("the disk is gone"));
}

}  // namespace
}  // namespace transom::pki
