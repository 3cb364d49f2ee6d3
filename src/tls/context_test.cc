#include "tls/context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <fstream>

#include "tls/client_context.h"
#include "tls/test_support.h"

namespace transom::tls {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char seed_2014[] =
    "ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-SHA256:DHE-RSA-AES128-SHA256:"
    "ECDHE-RSA-AES128-SHA:DHE-RSA-AES128-SHA";

class ContextTest : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(ERR_peek_error(), 0u) << "an error was left in OpenSSL's queue"; }

  void use(const test::Identity& identity) {
    config_.certificates = {
        {files_.write("key.pem", identity.key_text), files_.write("cert.pem", identity.certificate_text), {}}};
  }
  /// The error of an attempt that must fail.
  std::string refusal() {
    const auto made = ServerContext::create(config_, {}, warnings_);
    return made ? "it was accepted" : made.error().message;
  }
  std::shared_ptr<const ServerContext> create() {
    auto made = ServerContext::create(config_, {}, warnings_);
    EXPECT_TRUE(made) << made.error().message;
    return made ? *made : nullptr;
  }
  /// Names of the TLS 1.2 suites.
  std::vector<std::string> suites() {
    std::vector<std::string> names;
    const auto context = create();
    const STACK_OF(SSL_CIPHER)* all = context ? SSL_CTX_get_ciphers(context->native()) : nullptr;
    for (int i = 0; i < sk_SSL_CIPHER_num(all); ++i) {
      const std::string name = SSL_CIPHER_get_name(sk_SSL_CIPHER_value(all, i));
      if (name.rfind("TLS_", 0) != 0) names.push_back(name);
    }
    return names;
  }
  /// Subjects of the certificates that a client gets.
  std::vector<std::string> sent_chain() {
    const auto context = create();
    const ContextHandle client_context(SSL_CTX_new(TLS_client_method()));
    test::RawClient client(client_context.get());
    Stream server(*context);
    Buffer plain, network;
    client.handshake();
    server.receive(as_bytes(client.take()), plain, network);
    client.give(network.view());
    client.handshake();
    std::vector<std::string> subjects;
    const STACK_OF(X509)* chain = SSL_get_peer_cert_chain(client.ssl());
    for (int i = 0; i < sk_X509_num(chain); ++i) subjects.push_back(subject_name(sk_X509_value(chain, i)));
    return subjects;
  }

  test::TemporaryDirectory files_;
  ServerConfig config_;
  std::vector<std::string> warnings_;
};

TEST_F(ContextTest, AcceptsAGoodCertificateWithoutAWord) {
  use(test::self_signed(test::ec_key()));
  EXPECT_THAT(suites(), testing::SizeIs(6));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(ContextTest, NamesWhatIsMissing) {
  EXPECT_THAT(refusal(), HasSubstr("no certificate"));
  use(test::self_signed(test::ec_key()));
  config_.certificates[0].certificate_file = files_.path("none.pem");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("none.pem"), HasSubstr("No such file")));
  config_.certificates[0].key_file = files_.path("nokey.pem");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("nokey.pem"), HasSubstr("key file")));
  config_.certificates[0].key_file = files_.path("");
  EXPECT_THAT(refusal(), HasSubstr("cannot read"));
}

/// Who opens a FIFO waits for a writer, so a node that did would neither start nor reload nor stop.
TEST_F(ContextTest, RefusesWhatIsNoRegularFile) {
  use(test::self_signed(test::ec_key()));
  const std::string fifo = files_.path("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const ServerConfig good = config_;
  const auto expect_refused = [&](auto&& change) {
    config_ = good;
    change(config_);
    EXPECT_THAT(refusal(), AllOf(HasSubstr("file " + fifo + ": it is a FIFO, not a regular file"), HasSubstr("check")));
  };
  expect_refused([&](ServerConfig& config) { config.certificates[0].key_file = fifo; });
  expect_refused([&](ServerConfig& config) { config.certificates[0].certificate_file = fifo; });
  expect_refused([&](ServerConfig& config) { config.certificates[0].chain_files = {fifo}; });
  expect_refused([&](ServerConfig& config) {
    config.certificates[0].passphrase = {PassphraseSource::From::file, fifo};
  });
  expect_refused([&](ServerConfig& config) { config.dhparam_file = fifo; });
  expect_refused([&](ServerConfig& config) { config.tickets.key_files = {fifo}; });
  expect_refused([&](ServerConfig& config) { config.client_auth = {ClientAuth::required, {fifo}, {}}; });
  expect_refused([&](ServerConfig& config) {
    config.client_auth = {ClientAuth::required, {config.certificates[0].certificate_file}, {fifo}};
  });
  config_ = good;
  config_.dhparam_file = "/dev/zero";
  EXPECT_THAT(refusal(), HasSubstr("it is a device, not a regular file"));
}

TEST_F(ContextTest, NamesWhatIsGarbage) {
  const test::Identity identity = test::self_signed(test::ec_key());
  use(identity);
  files_.write("cert.pem", "hello");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("cert.pem"), HasSubstr("no PEM certificate"), HasSubstr("openssl x509")));
  files_.write("cert.pem",
               identity.certificate_text + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("number 2"), HasSubstr("damaged")));
  files_.write("cert.pem", std::string((1 << 20) + 1, 'x'));
  EXPECT_THAT(refusal(), HasSubstr("longer than"));
  files_.write("key.pem", "hello");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("key.pem"), HasSubstr("no PEM private key")));
  files_.write("key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("key.pem"), HasSubstr("damaged")));
}

TEST_F(ContextTest, RefusesAKeyThatIsEncrypted) {
  const test::Identity identity = test::self_signed(test::ec_key());
  use(identity);
  const BioHandle out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(out.get(), identity.key.get(), EVP_aes_256_cbc(), "secret", 6, nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  files_.write("key.pem", std::string(text, static_cast<std::size_t>(size)));
  EXPECT_THAT(refusal(), AllOf(HasSubstr("encrypted"), HasSubstr("openssl pkey -in"), HasSubstr("umask 077")));
}

TEST_F(ContextTest, RefusesAKeyOfAnotherCertificate) {
  use(test::self_signed(test::ec_key()));
  files_.write("key.pem", test::self_signed(test::ec_key()).key_text);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("does not belong"), HasSubstr("key.pem"), HasSubstr("-pubkey")));
}

TEST_F(ContextTest, RefusesAShortRsaKey) {
  use(test::self_signed(test::rsa_key(1024)));
  EXPECT_THAT(refusal(), AllOf(HasSubstr("1024 bits"), HasSubstr("too short"), HasSubstr("cert.pem")));
}

TEST_F(ContextTest, WarnsOfDatesNamesAndPermissions) {
  use(test::issue("old", test::ec_key(), {}, nullptr, 1000, 2000));
  std::filesystem::permissions(files_.path("key.pem"), std::filesystem::perms(0644));
  config_.key_permissions = KeyPermissions::warn;
  create();
  EXPECT_THAT(warnings_, Contains(HasSubstr("expired")));
  EXPECT_THAT(warnings_, Contains(HasSubstr("no subject alternative name")));
  EXPECT_THAT(warnings_, Contains(AllOf(HasSubstr("chmod 600"), HasSubstr("key.pem"))));
  warnings_.clear();
  use(test::issue("new", test::ec_key(), test::server_extensions("DNS:x"), nullptr, test::epoch_2100,
                  test::epoch_2100 + 1000));
  create();
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("not valid yet")));
}

TEST_F(ContextTest, ShortDhParametersAreIgnoredWithAWarning) {
  use(test::self_signed(test::rsa_key(2048)));
  config_.dhparam_file = files_.write("dh.pem", test::dh_parameters(512));
  config_.ciphers = seed_2014;
  EXPECT_THAT(suites(), ElementsAre("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA256", "ECDHE-RSA-AES128-SHA"));
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("dh.pem"), HasSubstr("512 bits"), HasSubstr("ignored"))));
}

TEST_F(ContextTest, TheListOf2014WorksWithGoodDhParameters) {
  use(test::self_signed(test::rsa_key(2048)));
  config_.dhparam_file = files_.write("dh.pem", test::dh_parameters(2048));
  config_.ciphers = seed_2014;
  EXPECT_THAT(suites(), testing::SizeIs(6));
  EXPECT_THAT(warnings_, IsEmpty());
  const auto context = create();
  const ContextHandle client_context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_max_proto_version(client_context.get(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(client_context.get(), "DHE-RSA-AES128-GCM-SHA256");
  test::RawClient client(client_context.get());
  Stream server(*context);
  Buffer plain, network;
  for (int turn = 0; turn < 3; ++turn) {
    client.handshake();
    server.receive(as_bytes(client.take()), plain, network);
    client.give(network.view());
    network.clear();
  }
  EXPECT_EQ(server.state(), Stream::State::open) << server.error();
}

TEST_F(ContextTest, UnreadableDhParametersAreAnError) {
  use(test::self_signed(test::ec_key()));
  config_.dhparam_file = files_.path("dh.pem");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("dh.pem"), HasSubstr("No such file")));
  files_.write("dh.pem", "hello");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("dh.pem"), HasSubstr("no PEM DH parameters"), HasSubstr("ffdhe2048")));
}

TEST_F(ContextTest, SkipsUnknownAndBrokenSuitesWithAWarningEach) {
  use(test::self_signed(test::rsa_key(2048)));
  config_.ciphers =
      "ECDH+AESGCM:ECDH+3DES, NO-SUCH-SUITE RC4-SHA:NULL-SHA256:ADH-AES128-SHA:TLS_AES_128_GCM_SHA256:@SECLEVEL=0:!MD5";
  EXPECT_THAT(suites(), Contains("ECDHE-RSA-AES128-GCM-SHA256"));
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("ECDH+3DES"), HasSubstr("broken")),
                                     AllOf(HasSubstr("NO-SUCH-SUITE"), HasSubstr("does not have it")),
                                     AllOf(HasSubstr("RC4-SHA"), HasSubstr("broken")),
                                     AllOf(HasSubstr("NULL-SHA256"), HasSubstr("broken")),
                                     AllOf(HasSubstr("ADH-AES128-SHA"), HasSubstr("broken")), HasSubstr("TLS 1.3"),
                                     HasSubstr("SECLEVEL")));
}

TEST_F(ContextTest, WideListsNeverBringBrokenSuites) {
  use(test::self_signed(test::rsa_key(2048)));
  config_.ciphers = "ALL:COMPLEMENTOFALL:aNULL:eNULL";
  for (const std::string& name : suites()) {
    for (const char* bad : {"NULL", "ADH", "AECDH", "RC4", "3DES", "MD5", "PSK", "SRP"}) {
      EXPECT_EQ(name.find(bad), std::string::npos) << name;
    }
  }
}

TEST_F(ContextTest, AnEmptyListIsAnError) {
  use(test::self_signed(test::rsa_key(2048)));
  for (const char* list : {"RC4-SHA", "NO-SUCH-SUITE:3DES", ":", "!MD5", "aNULL"}) {
    config_.ciphers = list;
    EXPECT_THAT(refusal(), HasSubstr("no TLS 1.2 suite")) << list;
  }
  config_.ciphers = "DHE-RSA-AES128-GCM-SHA256";
  EXPECT_THAT(refusal(), HasSubstr("without `dhparam`"));
  config_.ciphers = std::string(10000, 'A');
  EXPECT_THAT(refusal(), HasSubstr("longer than"));
}

TEST_F(ContextTest, AnRsaListServesAnEcKeyAsWell) {
  use(test::self_signed(test::ec_key()));
  config_.ciphers = seed_2014;
  EXPECT_THAT(suites(), testing::IsSupersetOf(
                            {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES128-SHA"}));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("DHE suites are not offered"),
                                     AllOf(HasSubstr("ECDSA key"), HasSubstr("ECDHE-ECDSA-AES128-GCM-SHA256"))));
  warnings_.clear();
  config_.ciphers = "AES128-GCM-SHA256";
  EXPECT_THAT(suites(), Contains("ECDHE-ECDSA-AES128-GCM-SHA256"));
  use(test::self_signed(test::rsa_key(2048)));
  config_.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";
  EXPECT_THAT(suites(), ElementsAre("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384"));
}

TEST_F(ContextTest, TheLongListOf2014Works) {
  use(test::self_signed(test::rsa_key(2048)));
  config_.ciphers =
      "ECDH+AESGCM:DH+AESGCM:ECDH+AES256:DH+AES256:ECDH+AES128:DH+AES:ECDH+3DES:DH+3DES:RSA+AESGCM:RSA+AES:RSA+3DES:"
      "!aNULL:!MD5:!DSS";
  config_.dhparam_auto = true;
  const auto names = suites();
  EXPECT_THAT(names, testing::IsSupersetOf({"ECDHE-RSA-AES256-GCM-SHA384", "DHE-RSA-AES128-GCM-SHA256", "AES128-SHA"}));
  EXPECT_THAT(names, testing::Not(Contains(testing::AnyOf(HasSubstr("DES"), HasSubstr("DSS")))));
  EXPECT_THAT(warnings_,
              ElementsAre(AllOf(HasSubstr("ECDH+3DES"), HasSubstr("broken")), HasSubstr("DH+3DES"),
                          HasSubstr("RSA+3DES"), AllOf(HasSubstr("AES128-SHA"), HasSubstr("no forward secrecy"))));
}

TEST_F(ContextTest, Profiles) {
  use(test::self_signed(test::rsa_key(2048)));
  config_.profile = Profile::strict;
  for (const std::string& name : suites()) EXPECT_THAT(name, testing::AnyOf(HasSubstr("256"), HasSubstr("CHACHA20")));
  EXPECT_THAT(warnings_, IsEmpty());
  config_.dhparam_auto = true;
  suites();
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("`dhparam` has no effect")));
  warnings_.clear();
  config_.profile = Profile::seed2014;
  EXPECT_THAT(suites(), testing::SizeIs(6));
  config_.profile = Profile::modern;
  EXPECT_THAT(suites(), testing::AllOf(testing::SizeIs(9), Contains("DHE-RSA-AES128-GCM-SHA256")));
  EXPECT_THAT(warnings_, IsEmpty());
  config_.profile = Profile::strict;
  config_.ciphers = "ECDHE-RSA-AES128-GCM-SHA256";
  config_.dhparam_auto = false;
  EXPECT_THAT(suites(), ElementsAre("ECDHE-RSA-AES128-GCM-SHA256"));
  config_.tls13_only = true;
  create();
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("`ciphers` has no effect")));
}

TEST_F(ContextTest, GroupsAreChosen) {
  use(test::self_signed(test::ec_key()));
  config_.groups = {"x25519", "secp384r1", "NO-SUCH", "P-384", "sect163k1"};
  const auto context = create();
  EXPECT_THAT(warnings_,
              ElementsAre(AllOf(HasSubstr("NO-SUCH"), HasSubstr("does not have it")),
                          AllOf(HasSubstr("sect163k1"), HasSubstr("too weak")), HasSubstr("P-256 was added")));
  EXPECT_THAT(context->offer(), HasSubstr("groups X25519, P-384, P-256;"));
  warnings_.clear();
  config_.groups = {"prime256v1", "X448"};
  EXPECT_THAT(create()->offer(), HasSubstr("groups P-256, X448;"));
  EXPECT_THAT(warnings_, IsEmpty());
  config_.groups = {"NO-SUCH"};
  EXPECT_THAT(refusal(), HasSubstr("no group"));
}

TEST_F(ContextTest, SaysWhatItOffers) {
  use(test::self_signed(test::ec_key()));
  EXPECT_THAT(create()->offer(), AllOf(testing::StartsWith("TLS 1.2, 1.3; 6 suites TLS_AES_128_GCM_SHA256, "),
                                       HasSubstr(", ECDHE-ECDSA-CHACHA20-POLY1305"), Not(HasSubstr("RSA-")),
                                       HasSubstr("; groups "), HasSubstr("X25519, P-256, P-384"),
                                       testing::EndsWith("; certificate localhost (ECDSA P-256, until 2100-01-01)")));
  config_.tls13_only = true;
  config_.tickets.enabled = false;
  EXPECT_THAT(create()->offer(), AllOf(testing::StartsWith("TLS 1.3; 3 suites TLS_"), Not(HasSubstr("ECDHE")),
                                       HasSubstr("no session tickets")));
}

class ChainTest : public ContextTest {
 protected:
  test::Identity root_ = test::issue("root", test::ec_key(), test::authority_extensions(), nullptr);
  test::Identity upper_ = test::issue("upper", test::ec_key(), test::authority_extensions(), &root_);
  test::Identity lower_ = test::issue("lower", test::ec_key(), test::authority_extensions(), &upper_);
  test::Identity leaf_ = test::issue("leaf", test::ec_key(), test::server_extensions("DNS:leaf"), &lower_);
};

TEST_F(ChainTest, SendsTheWholeFileWithoutTheRoot) {
  use(leaf_);
  files_.write("cert.pem",
               leaf_.certificate_text + lower_.certificate_text + upper_.certificate_text + root_.certificate_text);
  EXPECT_THAT(sent_chain(), ElementsAre("CN=leaf", "CN=lower", "CN=upper"));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(ChainTest, SortsAndDeduplicatesChainFiles) {
  use(leaf_);
  files_.write("cert.pem", leaf_.certificate_text + lower_.certificate_text);
  config_.certificates[0].chain_files = {files_.write("upper.pem", upper_.certificate_text),
                                         files_.write("lower.pem", lower_.certificate_text)};
  EXPECT_THAT(sent_chain(), ElementsAre("CN=leaf", "CN=lower", "CN=upper"));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(ChainTest, PutsTheLeafFirst) {
  use(leaf_);
  files_.write("cert.pem", upper_.certificate_text + lower_.certificate_text + leaf_.certificate_text);
  EXPECT_THAT(sent_chain(), ElementsAre("CN=leaf", "CN=lower", "CN=upper"));
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("cert.pem"), HasSubstr("not the first"))));
}

TEST_F(ChainTest, WarnsOfWhatDoesNotLinkUp) {
  use(leaf_);
  config_.certificates[0].chain_files = {files_.write("upper.pem", upper_.certificate_text)};
  EXPECT_THAT(sent_chain(), ElementsAre("CN=leaf"));
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("upper.pem"), HasSubstr("CN=upper"), HasSubstr("not sent"))));
}

TEST_F(ChainTest, ASelfSignedLeafIsSent) {
  use(test::self_signed(test::ec_key()));
  EXPECT_THAT(sent_chain(), ElementsAre("CN=localhost"));
}

TEST_F(ContextTest, ClientContextNamesItsCaFile) {
  const auto missing = make_client_context(files_.path("ca.pem"));
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("ca.pem"));
  const auto garbage = make_client_context(files_.write("ca.pem", "hello"));
  ASSERT_FALSE(garbage);
  EXPECT_THAT(garbage.error().message, HasSubstr("no PEM certificate"));
}

std::string pem_of(std::string der) {
  const BioHandle out(BIO_new(BIO_s_mem()));
  PEM_write_bio(out.get(), PEM_STRING_X509, "", reinterpret_cast<unsigned char*>(der.data()),
                static_cast<long>(der.size()));
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

/// With one bit of its signature turned.
std::string spoilt(const test::Identity& identity) {
  unsigned char* octets = nullptr;
  const int size = i2d_X509(identity.certificate.get(), &octets);
  std::string der(reinterpret_cast<char*>(octets), static_cast<std::size_t>(size));
  OPENSSL_free(octets);
  der.back() = static_cast<char>(der.back() ^ 1);
  return pem_of(der);
}

/// As old authorities make them, so that only names tell who issued it.
std::string without_key_identifiers(const test::Identity& identity, const test::Identity& issuer) {
  X509* copy = X509_dup(identity.certificate.get());
  const CertificateHandle owner(copy);
  for (const int id : {NID_subject_key_identifier, NID_authority_key_identifier}) {
    X509_EXTENSION_free(X509_delete_ext(copy, X509_get_ext_by_NID(copy, id, -1)));
  }
  X509_sign(copy, issuer.key.get(), EVP_sha256());
  return test::require(certificate_pem(copy));
}

/// A file that is being written, or was cut off, must not pass for one with a shorter chain.
TEST_F(ChainTest, RefusesAFileThatIsCutOffAtAnyOctet) {
  use(leaf_);
  const std::string& first = leaf_.certificate_text;
  const std::string whole = first + lower_.certificate_text;
  for (std::size_t size = first.size() + 1; size < whole.size() - 1; ++size) {
    files_.write("cert.pem", whole.substr(0, size));
    ASSERT_THAT(refusal(), AllOf(HasSubstr("cert.pem"), HasSubstr("damaged"))) << size - first.size();
  }
  files_.write("cert.pem", whole.substr(0, whole.size() - 1));
  EXPECT_THAT(sent_chain(), ElementsAre("CN=leaf", "CN=lower"));
  files_.write("cert.pem", first + "-----BEGIN CERTIFICA\n" + lower_.certificate_text);
  EXPECT_THAT(refusal(), HasSubstr("does not end"));
}

TEST_F(ChainTest, OtherBlocksAndWordsBesideCertificatesAreNoDamage) {
  use(leaf_);
  const std::string words = "# ---- the chain -----\r\n--\n----- END -----\n";
  files_.write("cert.pem", leaf_.key_text + words + leaf_.certificate_text + words + lower_.certificate_text +
                               leaf_.key_text + words);
  EXPECT_THAT(sent_chain(), ElementsAre("CN=leaf", "CN=lower"));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(ChainTest, ABrokenSignatureIsAnError) {
  use(leaf_);
  files_.write("cert.pem", spoilt(leaf_) + lower_.certificate_text + upper_.certificate_text);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("cert.pem: the signature of the certificate \"CN=leaf\" does not fit the key "
                                         "of \"CN=lower\": the file is damaged")));
  files_.write("cert.pem", leaf_.certificate_text + spoilt(lower_));
  config_.certificates[0].chain_files = {files_.write("upper.pem", upper_.certificate_text)};
  EXPECT_THAT(refusal(), AllOf(HasSubstr("\"CN=lower\" does not fit"), HasSubstr("one of it and"),
                               HasSubstr("upper.pem is damaged")));
  const test::Identity alone = test::self_signed(test::ec_key());
  use(alone);
  files_.write("cert.pem", spoilt(alone));
  sent_chain();
  EXPECT_THAT(warnings_, Contains(AllOf(HasSubstr("signed by itself"), HasSubstr("damaged"))));
}

/// It is not sent, and whoever has the former one is served as before.
TEST_F(ChainTest, ARootOfTheSameNameWithAnotherKeyIsOfNoUse) {
  const test::Identity renewed = test::issue("upper", test::ec_key(), test::authority_extensions(), nullptr);
  use(leaf_);
  files_.write("cert.pem", leaf_.certificate_text + without_key_identifiers(lower_, upper_) +
                               without_key_identifiers(renewed, renewed));
  EXPECT_THAT(sent_chain(), ElementsAre("CN=leaf", "CN=lower"));
  EXPECT_THAT(warnings_, Contains(HasSubstr("\"CN=upper\" issued nothing")));
}

/// After an authority has changed its key, files may hold its certificates of both.
TEST_F(ChainTest, AnAuthorityMayHaveHadAnotherKey) {
  const test::Identity former = test::issue("lower", test::ec_key(), test::authority_extensions(), &upper_);
  use(leaf_);
  const std::string leaf = without_key_identifiers(leaf_, lower_);
  const std::string old_one = without_key_identifiers(former, upper_);
  files_.write("cert.pem", leaf + old_one + without_key_identifiers(lower_, upper_) + upper_.certificate_text);
  EXPECT_THAT(sent_chain(), ElementsAre("CN=leaf", "CN=lower", "CN=upper"));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("issued nothing")));
  files_.write("cert.pem", leaf + old_one);
  EXPECT_THAT(refusal(), HasSubstr("holds another authority's certificate of the same name"));
}

}  // namespace
}  // namespace transom::tls
