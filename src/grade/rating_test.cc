#include "grade/rating.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace transom::grade {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

CertificateFacts certificate(std::string type, int bits) {
  CertificateFacts facts;
  facts.key_type = std::move(type);
  facts.key_bits = bits;
  facts.signature_hash = "SHA256";
  return facts;
}

ChainFacts chain(std::string type, int bits) {
  ChainFacts facts;
  facts.certificates = {certificate(std::move(type), bits), certificate("EC", 256)};
  facts.name_matches = true;
  return facts;
}

/// ECDSA, TLS 1.2 and 1.3, the suites of Mozilla's intermediate list, HSTS.
Evidence good() {
  Evidence evidence;
  evidence.server.suites = {{Version::tls1_3, {0x1301, 0x1302, 0x1303}}, {Version::tls1_2, {0xC02B, 0xC02C, 0xCCA9}}};
  evidence.server.groups13 = {0x001D, 0x0017, 0x0018};
  evidence.server.groups12 = {0x001D, 0x0017, 0x0018};
  evidence.server.secure_renegotiation = true;
  evidence.server.fallback_scsv = true;
  evidence.chains = {chain("EC", 256)};
  evidence.hsts.state = HstsFacts::State::good;
  return evidence;
}

void expect_scores(const Rating& rating, int protocol, int key_exchange, int cipher, int score) {
  EXPECT_EQ(rating.protocol, protocol);
  EXPECT_EQ(rating.key_exchange, key_exchange);
  EXPECT_EQ(rating.cipher, cipher);
  EXPECT_EQ(rating.score, score);
}

bool has_reason(const Rating& rating, Grade cap, const std::string& words) {
  return std::any_of(rating.reasons.begin(), rating.reasons.end(), [&](const Reason& reason) {
    return reason.cap == cap && reason.what.find(words) != std::string::npos && !reason.advice.empty();
  });
}

TEST(RatingTest, TheFormulaRoundsDownAtEachStep) {
  EXPECT_EQ(weighted_score(100, 90, 90), 93);
  EXPECT_EQ(weighted_score(100, 100, 90), 96);
  EXPECT_EQ(weighted_score(100, 100, 100), 100);
  EXPECT_EQ(weighted_score(97, 90, 90), 29 + 27 + 36);
  EXPECT_EQ(weighted_score(100, 0, 100), 0) << "a zero in any gives nothing";
}

TEST(RatingTest, KeyScores) {
  struct Case {
    const char* type;
    int bits, score;
  };
  for (const Case& one : {Case{"RSA", 511, 20},
                          {"RSA", 512, 40},
                          {"RSA", 1024, 80},
                          {"RSA", 2047, 80},
                          {"RSA", 2048, 90},
                          {"RSA", 4095, 90},
                          {"RSA", 4096, 100},
                          {"DH", 1023, 40},
                          {"DH", 1024, 80},
                          {"DSA", 2048, 90},
                          {"RSA-PSS", 2048, 90},
                          {"EC", 109, 20},
                          {"EC", 122, 40},
                          {"EC", 160, 80},
                          {"EC", 224, 90},
                          {"EC", 256, 100},
                          {"ED25519", 253, 100},
                          {"ML-DSA-44", 2560, 90},
                          {"ML-DSA-87", 4896, 100}}) {
    EXPECT_EQ(key_score(one.type, one.bits), one.score) << one.type << " " << one.bits;
  }
}

TEST(RatingTest, TheFourKnownRows) {
  const Rating ecdsa = rate(good());
  expect_scores(ecdsa, 100, 100, 90, 96);
  EXPECT_EQ(ecdsa.grade, Grade::a_plus);
  EXPECT_THAT(ecdsa.reasons, IsEmpty());

  Evidence both = good();
  both.chains.push_back(chain("RSA", 2048));
  expect_scores(rate(both), 100, 90, 90, 93);
  EXPECT_EQ(rate(both).grade, Grade::a_plus);

  Evidence strong = good();
  strong.server.suites = {{Version::tls1_3, {0x1302, 0x1303}}, {Version::tls1_2, {0xC02C, 0xCCA9}}};
  expect_scores(rate(strong), 100, 100, 100, 100);
  EXPECT_EQ(rate(strong).grade, Grade::a_plus);
  EXPECT_THAT(rate(strong).next_steps, IsEmpty());

  Evidence seed = good();
  seed.server.suites[Version::tls1_2] = {0xC02F, 0x009E, 0xC027, 0x0067, 0xC013, 0x0033};
  seed.server.dh_bits = 2048;
  seed.chains = {chain("RSA", 2048)};
  expect_scores(rate(seed), 100, 90, 90, 93);
  EXPECT_EQ(rate(seed).grade, Grade::a_plus);
}

struct ServerCase {
  const char* name;
  std::function<void(Evidence&)> spoil;
  Grade grade;
  const char* reason;
};

TEST(RatingTest, EveryCap) {
  const auto add = [](Version version, std::uint16_t suite) {
    return [=](Evidence& e) { e.server.suites[version].push_back(suite); };
  };
  const ServerCase cases[] = {
      {"SSL 2",
       [](Evidence& e) {
         e.server.ssl2 = Ssl2Answer{{0x010080}, {}};
       },
       Grade::f, "SSL 2 is offered"},
      {"SSL 3", add(Version::ssl3, 0x002F), Grade::c, "POODLE"},
      {"SSL 3 without CBC", add(Version::ssl3, 0x0005), Grade::b, "SSL 3 is offered"},
      {"SSL 3 alone",
       [](Evidence& e) {
         e.server.suites = {{Version::ssl3, {0x002F}}};
       },
       Grade::f, "best version"},
      {"TLS 1.0", add(Version::tls1_0, 0xC013), Grade::b, "TLS 1.0 is offered"},
      {"TLS 1.1", add(Version::tls1_1, 0xC013), Grade::b, "TLS 1.1 is offered"},
      {"TLS 1.1 alone",
       [](Evidence& e) {
         e.server.suites = {{Version::tls1_1, {0xC013}}};
       },
       Grade::c, "neither"},
      {"RC4 with 1.0", add(Version::tls1_0, 0x0005), Grade::b, "RC4 is offered"},
      {"RC4 with 1.2", add(Version::tls1_2, 0x0005), Grade::c, "RC4 is offered with TLS 1.1"},
      {"3DES", add(Version::tls1_2, 0x000A), Grade::c, "SWEET32"},
      {"DES", add(Version::tls1_2, 0x0009), Grade::f, "weaker than 112"},
      {"export", add(Version::tls1_2, 0x0003), Grade::f, "export"},
      {"NULL", add(Version::tls1_2, 0x0002), Grade::f, "without encryption"},
      {"anonymous", add(Version::tls1_2, 0x0034), Grade::f, "anonymous"},
      {"no forward secrecy",
       [](Evidence& e) {
         e.server.suites = {{Version::tls1_2, {0x009C}}};
       },
       Grade::b, "forward"},
      {"no AEAD",
       [](Evidence& e) {
         e.server.suites = {{Version::tls1_2, {0xC013}}};
       },
       Grade::b, "AEAD"},
      {"DH 1024", [](Evidence& e) { e.server.dh_bits = 1024; }, Grade::b, "weak"},
      {"DH 768", [](Evidence& e) { e.server.dh_bits = 768; }, Grade::f, "insecure"},
      {"RSA 1024", [](Evidence& e) { e.chains = {chain("RSA", 1024)}; }, Grade::b, "weak"},
      {"RSA 512", [](Evidence& e) { e.chains = {chain("RSA", 511)}; }, Grade::f, "insecure"},
      {"exponent 1", [](Evidence& e) { e.chains[0].certificates[0].exponent_one = true; }, Grade::f, "exponent"},
      {"MD5", [](Evidence& e) { e.chains[0].certificates[0].signature_hash = "MD5"; }, Grade::f, "MD5"},
      {"SHA-1", [](Evidence& e) { e.chains[0].certificates[1].signature_hash = "SHA1"; }, Grade::t, "SHA1"},
      {"self-signed",
       [](Evidence& e) {
         e.chains[0].problems = {"self-signed certificate"};
         e.chains[0].certificates[0].self_signed = true;
       },
       Grade::t, "self-signed"},
      {"untrusted", [](Evidence& e) { e.chains[0].problems = {"bad signature"}; }, Grade::t, "bad signature"},
      {"expired",
       [](Evidence& e) {
         e.chains[0].problems = {"certificate has expired"};
         e.chains[0].expired = true;
       },
       Grade::t, "expired"},
      {"revoked",
       [](Evidence& e) {
         e.staple = StapleFacts{"revoked", 0, 0};
       },
       Grade::t, "revoked"},
      {"wrong name", [](Evidence& e) { e.chains[0].name_matches = false; }, Grade::m, "another name"},
      {"incomplete", [](Evidence& e) { e.chains[0].incomplete = true; }, Grade::b, "incomplete"},
      {"compression", [](Evidence& e) { e.server.compression = true; }, Grade::c, "CRIME"},
      {"no TLS 1.3", [](Evidence& e) { e.server.suites.erase(Version::tls1_3); }, Grade::a_minus, "TLS 1.3"},
      {"renegotiation", [](Evidence& e) { e.server.secure_renegotiation = false; }, Grade::a_minus, "renegotiation"},
      {"fallback", [](Evidence& e) { e.server.fallback_scsv = false; }, Grade::a, "TLS_FALLBACK_SCSV"},
      {"no HSTS", [](Evidence& e) { e.hsts.state = HstsFacts::State::missing; }, Grade::a, "HSTS is missing"},
      {"short HSTS", [](Evidence& e) { e.hsts.state = HstsFacts::State::too_short; }, Grade::a_minus, "too short"},
      {"no max-age", [](Evidence& e) { e.hsts.state = HstsFacts::State::malformed; }, Grade::a_minus, "malformed"},
      {"HSTS off", [](Evidence& e) { e.hsts.state = HstsFacts::State::disabled; }, Grade::a_minus, "disabled"},
  };
  for (const ServerCase& one : cases) {
    SCOPED_TRACE(one.name);
    Evidence evidence = good();
    one.spoil(evidence);
    const Rating rating = rate(evidence);
    EXPECT_EQ(name_of(rating.grade), name_of(one.grade));
    EXPECT_TRUE(has_reason(rating, one.grade, one.reason));
    EXPECT_THAT(rating.next_steps, Not(IsEmpty()));
    EXPECT_EQ(name_of(rating.grade_if_trusted), name_of(one.grade <= Grade::m ? Grade::a_plus : one.grade));
  }
}

TEST(RatingTest, WhatIsNoFault) {
  Evidence evidence = good();
  evidence.hsts.state = HstsFacts::State::not_applicable;
  evidence.server.suites = {{Version::tls1_3, {0x1301}}};
  evidence.server.fallback_scsv.reset();
  evidence.server.secure_renegotiation.reset();
  evidence.server.groups13 = {0x001D, 0x0100};
  CertificateFacts root = certificate("RSA", 1024);
  root.self_signed = true;
  root.signature_hash = "SHA1";
  evidence.chains[0].certificates.push_back(root);
  EXPECT_EQ(rate(evidence).grade, Grade::a_plus) << "a root's signature proves nothing, a curve is there for all";
  EXPECT_EQ(rate(evidence).key_exchange, 100);
  evidence.server.groups13 = {0x0100};
  evidence.server.groups12.clear();
  EXPECT_EQ(rate(evidence).key_exchange, 90);
}

TEST(RatingTest, ReasonsAreOrderedAndSaidOnce) {
  Evidence evidence = good();
  evidence.chains.push_back(evidence.chains[0]);
  for (ChainFacts& one : evidence.chains) one.name_matches = false;
  evidence.server.suites[Version::tls1_0] = {0xC013};
  evidence.hsts.state = HstsFacts::State::missing;
  const Rating rating = rate(evidence);
  ASSERT_EQ(rating.reasons.size(), 3u);
  EXPECT_EQ(rating.reasons[0].cap, Grade::m);
  EXPECT_EQ(rating.reasons[1].cap, Grade::b);
  EXPECT_EQ(rating.reasons[2].cap, Grade::a);
  EXPECT_EQ(rating.grade_if_trusted, Grade::b);
  EXPECT_THAT(rating.next_steps, Contains(HasSubstr("subject alternative names")));
}

TEST(RatingTest, TrustAndTheNameAreBothNextSteps) {
  Evidence evidence = good();
  evidence.chains[0].name_matches = false;
  evidence.chains[0].problems = {"bad signature"};
  evidence.server.suites[Version::tls1_0] = {0xC013};
  const Rating rating = rate(evidence);
  EXPECT_EQ(rating.grade, Grade::t);
  EXPECT_EQ(rating.grade_if_trusted, Grade::b);
  EXPECT_THAT(rating.next_steps,
              ElementsAre(HasSubstr("authority that clients trust"), HasSubstr("alternative names")));
}

TEST(RatingTest, TheScoreItselfGivesTheLetterWhereNothingElseDoes) {
  Evidence evidence = good();
  evidence.server.suites = {{Version::tls1_0, {0x0015, 0xC013}}};  // P 90, C (20 + 80) / 2
  evidence.server.dh_bits = 768;                                   // K 40
  const Rating rating = rate(evidence);
  expect_scores(rating, 90, 40, 50, 27 + 12 + 20);
  EXPECT_EQ(rating.grade, Grade::f);
}

TEST(GradeNames, GoBothWays) {
  for (const char* name : {"A+", "A", "A-", "B", "C", "D", "E", "F"}) EXPECT_EQ(name_of(*grade_named(name)), name);
  EXPECT_FALSE(grade_named("T"));
  EXPECT_FALSE(grade_named("a"));
}

TEST(HstsTest, Fields) {
  using State = HstsFacts::State;
  struct Case {
    const char* field;
    State state;
  };
  for (const Case& one : {Case{"max-age=63072000", State::good},
                          {"max-age=15552000; includeSubDomains; preload", State::good},
                          {"MAX-AGE=\"31536000\"", State::good},
                          {" max-age = 31536000 ;", State::good},
                          {"includeSubDomains ; max-age=15552000;unknown=x", State::good},
                          {"max-age=99999999999999999999", State::good},
                          {"max-age=15551999", State::too_short},
                          {"max-age=0", State::disabled},
                          {"", State::malformed},
                          {"max-age", State::malformed},
                          {"max-age=", State::malformed},
                          {"max-age=-1", State::malformed},
                          {"max-age=1 year", State::malformed},
                          {"includeSubDomains", State::malformed},
                          {"max-age=15552000; max-age=15552000", State::malformed}}) {
    const std::string head = std::string("HTTP/1.1 200 OK\r\nServer: x\r\nStrict-transport-security: ") + one.field +
                             "\r\nStrict-Transport-Security: max-age=1\r\nDate: x";
    EXPECT_EQ(read_hsts(head).state, one.state) << one.field;
  }
  EXPECT_EQ(read_hsts("HTTP/1.1 404 Not Found\r\nDate: x").state, State::missing);
  EXPECT_EQ(read_hsts("").state, State::not_http);
  EXPECT_EQ(read_hsts("SSH-2.0").state, State::not_http);
  EXPECT_TRUE(read_hsts("HTTP/1.1 200\r\nStrict-Transport-Security: max-age=1; includesubdomains").include_subdomains);
}

TEST(HstsTest, WhereItApplies) {
  EXPECT_TRUE(hsts_applies("example.com"));
  EXPECT_TRUE(hsts_applies("notlocalhost"));
  for (const char* host : {"localhost", "LocalHost.", "a.localhost", "127.0.0.1", "::1", "192.0.2.1"}) {
    EXPECT_FALSE(hsts_applies(host)) << host;
  }
}

}  // namespace
}  // namespace transom::grade
