#include "tls/client_auth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "tls/connection_facts.h"
#include "tls/conversation_testing.h"
#include "tls/crl_file.h"

namespace transom::tls {
namespace {

using test::Conversation;
using test::Identity;
using test::SessionHandle;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

test::Extensions client_extensions(const std::string& usage = "clientAuth") {
  return {{NID_basic_constraints, "critical,CA:FALSE"},
          {NID_key_usage, "critical,digitalSignature"},
          {NID_ext_key_usage, usage},
          {NID_subject_alt_name, "email:joe@example.net,URI:urn:joe,DNS:joe.example.net,IP:192.0.2.7"}};
}

Identity authority(const std::string& name, const Identity* issuer = nullptr) {
  return test::issue(name, test::ec_key(), test::authority_extensions(), issuer);
}
Identity client(const std::string& name, const Identity& issuer) {
  return test::issue(name, test::ec_key(), client_extensions(), &issuer);
}

/// OpenSSL's clock, which is the one that judges certificates.
std::int64_t now() {
  const std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>> time(X509_gmtime_adj(nullptr, 0));
  return seconds_of(time.get());
}

std::string crl_text(const Identity& issuer, const std::vector<const Identity*>& revoked,
                     std::int64_t next_update = test::epoch_2100, bool der = false) {
  const CrlHandle crl(X509_CRL_new());
  X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(issuer.certificate.get()));
  const std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>> last(ASN1_TIME_set(nullptr, test::epoch_2020));
  const std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>> next(ASN1_TIME_set(nullptr, next_update));
  X509_CRL_set1_lastUpdate(crl.get(), last.get());
  X509_CRL_set1_nextUpdate(crl.get(), next.get());
  for (const Identity* one : revoked) {
    X509_REVOKED* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(one->certificate.get()));
    X509_REVOKED_set_revocationDate(entry, last.get());
    X509_CRL_add0_revoked(crl.get(), entry);
  }
  X509_CRL_sort(crl.get());
  X509_CRL_sign(crl.get(), issuer.key.get(), EVP_sha256());
  const BioHandle out(BIO_new(BIO_s_mem()));
  if (der) {
    i2d_X509_CRL_bio(out.get(), crl.get());
  } else {
    PEM_write_bio_X509_CRL(out.get(), crl.get());
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

class ClientAuthTest : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    config_.mode = ClientAuth::required;
    config_.ca_files = {files_.write("ca.pem", root_.certificate_text)};
  }
  void TearDown() override { EXPECT_EQ(ERR_peek_error(), 0u) << "an error was left in OpenSSL's queue"; }

  Result<std::shared_ptr<const ServerContext>> create() {
    ServerConfig config;
    config.certificates = {test::certificate_files(files_, server_)};
    config.client_auth = config_;
    warnings_.clear();
    return ServerContext::create(config, {keys_, nullptr}, warnings_);
  }
  std::shared_ptr<const ServerContext> context() { return test::require(create()); }
  std::string refusal() {
    const auto made = create();
    return made ? "accepted" : made.error().message;
  }

  ContextHandle with(const Identity& identity, const std::vector<const Identity*>& chain = {}) {
    ContextHandle made = test::client_context(GetParam());
    SSL_CTX_use_certificate(made.get(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(made.get(), identity.key.get());
    for (const Identity* one : chain) SSL_CTX_add1_chain_cert(made.get(), one->certificate.get());
    return made;
  }
  /// "open", or what the server's log will say.
  std::string meet(const ServerContext& server, SSL_CTX* client) {
    Conversation conversation(server, client);
    if (conversation.run()) return "open";
    alert_ = conversation.client_error;
    return conversation.server.error();
  }
  void revoke(const Identity& issuer, const std::vector<const Identity*>& revoked,
              std::int64_t next_update = test::epoch_2100) {
    config_.crl_files = {files_.write("crl.pem", crl_text(issuer, revoked, next_update))};
  }

  test::TemporaryDirectory files_;
  const Identity server_ = test::self_signed(test::ec_key());
  const Identity root_ = authority("Client CA");
  const Identity joe_ = client("joe", root_);
  SeededRandom random_{3};
  std::shared_ptr<TicketKeys> keys_ = std::make_shared<TicketKeys>(random_);
  ClientAuthConfig config_;
  std::vector<std::string> warnings_;
  std::string alert_;
};

TEST_P(ClientAuthTest, RequiredLetsInWhoHasOne) {
  const auto server = context();
  EXPECT_THAT(warnings_, IsEmpty());
  EXPECT_EQ(meet(*server, with(joe_).get()), "open");
  EXPECT_THAT(meet(*server, test::client_context(GetParam()).get()), HasSubstr("showed no certificate"));
}

TEST_P(ClientAuthTest, OptionalLetsInWhoHasNoneButNobodyWithABadOne) {
  config_.mode = ClientAuth::optional;
  const auto server = context();
  EXPECT_EQ(meet(*server, with(joe_).get()), "open");
  EXPECT_EQ(meet(*server, test::client_context(GetParam()).get()), "open");
  const Identity stranger = client("stranger", authority("Another CA"));
  EXPECT_THAT(meet(*server, with(stranger).get()), AllOf(HasSubstr("\"CN=stranger\""), HasSubstr("unknown CA")));
  EXPECT_THAT(alert_, HasSubstr("unknown ca"));
}

TEST_P(ClientAuthTest, NoneAsksNobody) {
  config_.mode = ClientAuth::none;
  config_.ca_files.clear();
  const auto server = context();
  Conversation conversation(*server, with(joe_).get());
  ASSERT_TRUE(conversation.run());
  EXPECT_FALSE(connection_facts(conversation.server.native()).peer);
}

TEST_P(ClientAuthTest, RefusesWithTheReason) {
  const auto server = context();
  const auto judged = [&](const Identity& identity) { return meet(*server, with(identity).get()); };
  EXPECT_THAT(judged(test::issue("old", test::ec_key(), client_extensions(), &root_, test::epoch_2020, now() - 60)),
              AllOf(HasSubstr("CN=old"), HasSubstr("expired")));
  EXPECT_THAT(judged(test::issue("young", test::ec_key(), client_extensions(), &root_, now() + 3600)),
              HasSubstr("not yet valid"));
  EXPECT_THAT(judged(test::issue("server", test::ec_key(), client_extensions("serverAuth"), &root_)),
              HasSubstr("purpose"));
  EXPECT_THAT(judged(test::issue("self", test::ec_key(), client_extensions(), nullptr)), HasSubstr("self-signed"));
}

TEST_P(ClientAuthTest, NamesTheAuthoritiesItTrusts) {
  const Identity second = authority("Second CA");
  config_.ca_files = {files_.write("both.pem", root_.certificate_text + second.certificate_text)};
  const auto server = context();
  std::vector<std::string> names;
  const STACK_OF(X509_NAME)* list = SSL_CTX_get_client_CA_list(server->native());
  for (int i = 0; i < sk_X509_NAME_num(list); ++i) names.push_back(name_text(sk_X509_NAME_value(list, i)));
  EXPECT_THAT(names, ElementsAre("CN=Client CA", "CN=Second CA"));
  EXPECT_EQ(meet(*server, with(client("jane", second)).get()), "open");
}

TEST_P(ClientAuthTest, DepthCountsIntermediates) {
  const Identity upper = authority("Upper", &root_);
  const Identity lower = authority("Lower", &upper);
  const Identity deep = client("deep", lower);
  const ContextHandle clients = with(deep, {&lower, &upper});
  config_.depth = 2;
  EXPECT_EQ(meet(*context(), clients.get()), "open");
  config_.depth = 1;
  EXPECT_THAT(meet(*context(), clients.get()), HasSubstr("chain too long"));
  config_.depth = 0;
  EXPECT_EQ(meet(*context(), with(joe_).get()), "open");
}

TEST_P(ClientAuthTest, AnIntermediateIsTrustedWithoutItsRoot) {
  const Identity issuing = authority("Issuing", &root_);
  config_.ca_files = {files_.write("ca.pem", issuing.certificate_text)};
  const auto server = context();
  EXPECT_EQ(meet(*server, with(client("jane", issuing)).get()), "open");
  EXPECT_THAT(meet(*server, with(joe_).get()), HasSubstr("unknown CA")) << "its root stays a stranger";
}

TEST_P(ClientAuthTest, ACrlRefusesWhomItLists) {
  const Identity jane = client("jane", root_);
  revoke(root_, {&joe_});
  const auto server = context();
  EXPECT_THAT(warnings_, IsEmpty());
  EXPECT_THAT(meet(*server, with(joe_).get()), AllOf(HasSubstr("\"CN=joe\""), HasSubstr("revoked")));
  EXPECT_THAT(alert_, HasSubstr("revoked"));
  EXPECT_EQ(meet(*server, with(jane).get()), "open");
  config_.crl_files = {files_.write("crl.der", crl_text(root_, {&joe_}, test::epoch_2100, true))};
  EXPECT_THAT(meet(*context(), with(joe_).get()), HasSubstr("revoked")) << "DER as well";
}

TEST_P(ClientAuthTest, AnOutdatedCrlStillRefusesWhomItLists) {
  const Identity jane = client("jane", root_);
  revoke(root_, {&joe_}, test::epoch_2020 + 1);
  const auto server = context();
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("CN=Client CA"), HasSubstr("outdated"))));
  EXPECT_THAT(meet(*server, with(joe_).get()), HasSubstr("revoked"));
  EXPECT_EQ(meet(*server, with(jane).get()), "open");
  const auto dates = test::require(crl_dates(config_));
  ASSERT_EQ(dates.size(), 1u);
  EXPECT_EQ(dates[0].last_update, test::epoch_2020);
  EXPECT_EQ(dates[0].next_update, test::epoch_2020 + 1);
  EXPECT_EQ(server->crls().size(), 1u);
  EXPECT_EQ(dates[0].issuer, "CN=Client CA");
}

TEST_P(ClientAuthTest, CrlsJudgeTheCasThatHaveOne) {
  const Identity issuing = authority("Issuing", &root_);
  const Identity jane = client("jane", issuing);
  const ContextHandle clients = with(jane, {&issuing});
  revoke(root_, {});
  EXPECT_THAT(meet(*context(), clients.get()), AllOf(HasSubstr("no revocation list"), HasSubstr("CN=Issuing")));
  config_.crl_files.push_back(files_.write("issuing.pem", crl_text(issuing, {})));
  EXPECT_EQ(meet(*context(), clients.get()), "open");
  config_.crl_files = {files_.write("issuing.pem", crl_text(issuing, {}))};
  EXPECT_EQ(meet(*context(), clients.get()), "open") << "the root publishes none";
  config_.ca_files = {files_.write("both.pem", root_.certificate_text + issuing.certificate_text)};
  EXPECT_EQ(meet(*context(), clients.get()), "open") << "the root publishes none";
  EXPECT_EQ(meet(*context(), with(jane).get()), "open");
  EXPECT_THAT(warnings_,
              ElementsAre(AllOf(HasSubstr("both.pem"), HasSubstr("\"CN=Client CA\" has no revocation list"))));
  config_.ca_files = {files_.write("ca.pem", root_.certificate_text)};
  config_.crl_files = {files_.write("two.pem", crl_text(root_, {&issuing}) + crl_text(issuing, {}))};
  EXPECT_THAT(meet(*context(), clients.get()), AllOf(HasSubstr("CN=Issuing"), HasSubstr("revoked")));
}

TEST_P(ClientAuthTest, ListsOfTheWrongAuthorityAreToldOf) {
  const Identity stranger = authority("Stranger");
  revoke(stranger, {});
  context();
  EXPECT_THAT(warnings_,
              ElementsAre(AllOf(HasSubstr("crl.pem"), HasSubstr("is of \"CN=Stranger\""),
                                HasSubstr("(\"CN=Client CA\") has one"), HasSubstr("all others are refused"))));
  config_.crl_files.push_back(files_.write("own.pem", crl_text(root_, {})));
  const auto server = context();
  EXPECT_THAT(warnings_, IsEmpty()) << "it may be of an intermediate that clients send along";
  config_.ca_files.push_back(files_.write("second.pem", authority("Second CA").certificate_text));
  context();
  EXPECT_THAT(warnings_,
              ElementsAre(AllOf(HasSubstr("second.pem"), HasSubstr("\"CN=Second CA\" has no revocation list")),
                          AllOf(HasSubstr("crl.pem"), HasSubstr("\"CN=Stranger\", which is no CA"))));
  EXPECT_EQ(meet(*server, with(joe_).get()), "open");
}

TEST_P(ClientAuthTest, EachKeyOfAnAuthorityNeedsAListOfItsOwn) {
  const Identity newer = authority("Client CA");
  config_.ca_files.push_back(files_.write("newer.pem", newer.certificate_text));
  config_.crl_files = {files_.write("newer.crl", crl_text(newer, {}))};
  const auto server = context();
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("ca.pem"), HasSubstr("has no revocation list"))));
  EXPECT_EQ(meet(*server, with(client("jane", newer)).get()), "open");
  EXPECT_NE(meet(*server, with(joe_).get()), "open");
}

TEST_P(ClientAuthTest, ARevokedAuthorityInTheFilesIsNotTrusted) {
  const Identity issuing = authority("Issuing", &root_);
  config_.ca_files = {files_.write("ca.pem", root_.certificate_text + issuing.certificate_text)};
  config_.crl_files = {files_.write("two.pem", crl_text(root_, {&issuing}) + crl_text(issuing, {}))};
  const auto server = context();
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("CN=Issuing"), HasSubstr("revoked"))));
  EXPECT_NE(meet(*server, with(client("jane", issuing)).get()), "open");
  EXPECT_NE(meet(*server, with(client("jane", issuing), {&issuing}).get()), "open");
}

TEST_P(ClientAuthTest, BadFilesAreRefusedByName) {
  config_.ca_files = {files_.path("none.pem")};
  EXPECT_THAT(refusal(), AllOf(HasSubstr("none.pem"), HasSubstr("No such file")));
  config_.ca_files = {};
  EXPECT_THAT(refusal(), HasSubstr("ca_certificates"));
  config_.ca_files = {files_.write("ca.pem", root_.certificate_text)};
  config_.crl_files = {config_.ca_files[0]};
  EXPECT_THAT(refusal(), AllOf(HasSubstr("ca.pem"), HasSubstr("no revocation list")));
  config_.crl_files = {files_.write("junk", "junk")};
  EXPECT_THAT(refusal(), AllOf(HasSubstr("junk"), HasSubstr("no revocation list")));
  std::string cut = crl_text(root_, {});
  cut[cut.size() / 2] = '*';
  config_.crl_files = {files_.write("cut.pem", cut)};
  EXPECT_THAT(refusal(), AllOf(HasSubstr("cut.pem"), HasSubstr("damaged"), HasSubstr("fetch it again")));
  config_.crl_files = {files_.write("forged.pem", crl_text(authority("Client CA"), {}))};
  EXPECT_THAT(refusal(), AllOf(HasSubstr("forged.pem"), HasSubstr("not signed by"), HasSubstr("fetch the list")));
}

TEST_P(ClientAuthTest, APeerIsKnownAfterAResumptionToo) {
  const auto server = context();
  const ContextHandle clients = with(joe_);
  Conversation first(*server, clients.get());
  ASSERT_TRUE(first.run());
  Conversation second(*server, clients.get(), first.session().get());
  ASSERT_TRUE(second.run() && second.resumed());
  for (SSL* ssl : {first.server.native(), second.server.native()}) {
    const auto facts = connection_facts(ssl);
    ASSERT_TRUE(facts.peer);
    EXPECT_EQ(facts.peer->subject, "CN=joe");
    EXPECT_EQ(facts.peer->issuer, "CN=Client CA");
    EXPECT_EQ(facts.peer->common_name, "joe");
    EXPECT_EQ(facts.peer->not_before, test::epoch_2020);
    EXPECT_EQ(facts.peer->sha1.size(), 59u);
    EXPECT_EQ(facts.peer->sha256, test::require(certificate_info(joe_.certificate.get())).sha256_fingerprint);
    EXPECT_THAT(facts.peer->emails, ElementsAre("joe@example.net"));
    EXPECT_THAT(facts.peer->uris, ElementsAre("urn:joe"));
    EXPECT_THAT(facts.peer->dns_names, ElementsAre("joe.example.net"));
    EXPECT_THAT(facts.peer->ip_addresses, ElementsAre("192.0.2.7"));
  }
}

/// A ticket is good only under the trust it was given out under.
TEST_P(ClientAuthTest, NoTicketOutlivesAChangeOfTrust) {
  const ContextHandle clients = with(joe_);
  const auto before = context();
  const auto resumes = [&](const ServerContext& server) {
    Conversation first(*before, clients.get());
    EXPECT_TRUE(first.run());
    Conversation second(server, clients.get(), first.session().get());
    const bool open = second.run();
    return !open ? "refused" : second.resumed() ? "resumed" : "verified again";
  };
  EXPECT_STREQ(resumes(*context()), "resumed") << "a reload of the same";
  revoke(root_, {});
  EXPECT_STREQ(resumes(*context()), "verified again") << "a CRL came";
  revoke(root_, {&joe_});
  EXPECT_STREQ(resumes(*context()), "refused") << "revoked by a reloaded CRL";
  config_.crl_files.clear();
  config_.depth = 3;
  EXPECT_STREQ(resumes(*context()), "verified again") << "another depth";
  config_.depth = 9;
  config_.mode = ClientAuth::optional;
  EXPECT_STREQ(resumes(*context()), "verified again") << "another mode";
  config_.mode = ClientAuth::required;
  config_.ca_files = {files_.write("other.pem", authority("Another CA").certificate_text)};
  EXPECT_STREQ(resumes(*context()), "refused") << "another CA";
}

TEST_P(ClientAuthTest, ATicketWithoutACertificateOpensNoEndpointThatNeedsOne) {
  ClientAuthConfig guarded = std::exchange(config_, {});
  const auto open = context();
  config_ = guarded;
  const auto closed = context();
  const ContextHandle clients = test::client_context(GetParam());
  Conversation first(*open, clients.get());
  ASSERT_TRUE(first.run());
  Conversation second(*closed, clients.get(), first.session().get());
  EXPECT_FALSE(second.run());
}

TEST_P(ClientAuthTest, ATicketDoesNotOutliveTheCertificate) {
  const auto server = context();
  const std::int64_t end = now() + 2;
  const Identity brief = test::issue("brief", test::ec_key(), client_extensions(), &root_, test::epoch_2020, end);
  const ContextHandle clients = with(brief);
  Conversation first(*server, clients.get());
  ASSERT_TRUE(first.run());
  const SessionHandle session = first.session();
  while (now() <= end) {
  }
  Conversation second(*server, clients.get(), session.get());
  EXPECT_FALSE(second.run());
  EXPECT_THAT(second.server.error(), HasSubstr("expired"));
}

TEST_P(ClientAuthTest, ATicketDoesNotOutliveTheAuthority) {
  const std::int64_t end = now() + 2;
  const Identity brief =
      test::issue("Brief CA", test::ec_key(), test::authority_extensions(), nullptr, test::epoch_2020, end);
  config_.ca_files = {files_.write("brief.pem", brief.certificate_text)};
  const auto server = context();
  const ContextHandle clients = with(test::issue("joe", test::ec_key(), client_extensions(), &brief));
  Conversation first(*server, clients.get());
  ASSERT_TRUE(first.run());
  // A resumption hands its end on, whatever was verified then.
  Conversation second(*server, clients.get(), first.session().get());
  ASSERT_TRUE(second.run());
  SessionHandle session = second.session();
  if (!session) session = first.session();
  while (now() <= end) {
  }
  Conversation third(*server, clients.get(), session.get());
  EXPECT_FALSE(third.run());
  EXPECT_THAT(third.server.error(), HasSubstr("expired"));
}

INSTANTIATE_TEST_SUITE_P(Versions, ClientAuthTest, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& version) { return version.param == TLS1_2_VERSION ? "Tls12" : "Tls13"; });

}  // namespace
}  // namespace transom::tls
