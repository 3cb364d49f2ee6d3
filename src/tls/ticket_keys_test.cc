#include "tls/ticket_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <sys/stat.h>

#include "tls/connection_facts.h"
#include "tls/conversation_testing.h"

namespace transom::tls {
namespace {

using test::Conversation;
using test::SessionHandle;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TicketKeysTest : public ::testing::TestWithParam<int> {
 protected:
  void TearDown() override { EXPECT_EQ(ERR_peek_error(), 0u) << "an error was left in OpenSSL's queue"; }

  std::shared_ptr<const ServerContext> context(std::shared_ptr<const TicketKeys> keys) {
    const test::TemporaryDirectory files;
    ServerConfig config;
    config.certificates = {test::certificate_files(files, identity_)};
    config.tickets = tickets_;
    return test::require(ServerContext::create(config, {std::move(keys), nullptr}, warnings_));
  }
  SessionHandle session_of(const ServerContext& context) {
    Conversation first(context, client_.get());
    EXPECT_TRUE(first.run());
    EXPECT_FALSE(first.resumed());
    return first.session();
  }
  /// Whether the session is resumed; `session` becomes what the client has afterwards.
  bool resumes(const ServerContext& context, SessionHandle& session) {
    Conversation again(context, client_.get(), session.get());
    EXPECT_TRUE(again.run());
    session = again.session();
    return again.resumed();
  }
  std::string key_file(const std::string& name, std::size_t octets, char fill) {
    return files_.write(name, std::string(octets, fill));
  }
  std::string refusal(const std::vector<std::string>& files, KeyPermissions permissions = KeyPermissions::refuse) {
    const auto keys = TicketKeys::from_files(files, permissions, warnings_);
    return keys ? "accepted" : keys.error().message;
  }

  test::TemporaryDirectory files_;
  const test::Identity identity_ = test::self_signed(test::ec_key());
  const ContextHandle client_ = test::client_context(GetParam());
  SeededRandom random_{7};
  std::shared_ptr<TicketKeys> keys_ = std::make_shared<TicketKeys>(random_);
  TicketConfig tickets_;
  std::vector<std::string> warnings_;
};

TEST_P(TicketKeysTest, ATicketLivesForTwoRotationsAndNoLonger) {
  const auto server = context(keys_);
  for (int rotations = 0; rotations <= 3; ++rotations) {
    SessionHandle session = session_of(*server);
    for (int i = 0; i < rotations; ++i) keys_->rotate(random_);
    EXPECT_EQ(resumes(*server, session), rotations <= 2) << rotations << " rotations";
  }
}

TEST_P(TicketKeysTest, ATicketOfAnOldKeyIsRenewed) {
  const auto server = context(keys_);
  SessionHandle session = session_of(*server);
  for (int rotation = 0; rotation < 6; ++rotation) {
    keys_->rotate(random_);
    EXPECT_TRUE(resumes(*server, session)) << "the client came back after rotation " << rotation;
  }
}

TEST_P(TicketKeysTest, AnotherContextWithTheSameKeysResumes) {
  SessionHandle session = session_of(*context(keys_));
  const auto reloaded = context(keys_);
  EXPECT_TRUE(resumes(*reloaded, session));
  const auto stranger = context(std::make_shared<TicketKeys>(random_));
  EXPECT_FALSE(resumes(*stranger, session));
}

TEST_P(TicketKeysTest, OneTicketForEachHandshakeIncludingResumedOnesOfTls13) {
  const auto server = context(keys_);
  SessionHandle session = session_of(*server);
  const auto ticket_of = [](SSL_SESSION* of) {
    const unsigned char* octets = nullptr;
    std::size_t count = 0;
    SSL_SESSION_get0_ticket(of, &octets, &count);
    return std::string(reinterpret_cast<const char*>(octets), count);
  };
  const std::string before = ticket_of(session.get());
  EXPECT_TRUE(resumes(*server, session));
  EXPECT_EQ(ticket_of(session.get()) != before, GetParam() == TLS1_3_VERSION);
  EXPECT_EQ(ticket_of(session.get()).substr(0, 16),
            std::string(reinterpret_cast<const char*>(keys_->all()->front().name.data()), 16));
}

TEST_P(TicketKeysTest, ForwardSecrecyIsKeptWhereTheVersionCan) {
  const auto server = context(keys_);
  const SessionHandle session = session_of(*server);
  Conversation again(*server, client_.get(), session.get());
  ASSERT_TRUE(again.run() && again.resumed());
  EXPECT_EQ(connection_facts(again.server.native()).group, GetParam() == TLS1_3_VERSION ? "X25519" : "");
}

TEST_P(TicketKeysTest, TwoNodesWithTheSameFilesResumeEachOthersSessions) {
  for (const std::size_t octets : {48, 80}) {
    tickets_.key_files = {key_file("first", octets, 'a'), key_file("second", octets, 'b')};
    SessionHandle session = session_of(*context(keys_));
    const auto other = context(std::make_shared<TicketKeys>(random_));
    EXPECT_TRUE(resumes(*other, session)) << octets;
    // The farm takes over a new key: a third file comes first, the old ones go on to decrypt.
    tickets_.key_files.insert(tickets_.key_files.begin(), key_file("third", octets, 'c'));
    EXPECT_TRUE(resumes(*context(keys_), session)) << octets;
  }
}

TEST_P(TicketKeysTest, WithoutTicketsNothingIsResumed) {
  tickets_.enabled = false;
  const auto server = context(keys_);
  SessionHandle session = session_of(*server);
  EXPECT_FALSE(resumes(*server, session));
}

TEST_P(TicketKeysTest, SessionsLiveAsLongAsTheirKeys) {
  EXPECT_EQ(SSL_CTX_get_timeout(context(keys_)->native()), 86'400);
  tickets_.rotate_s = 30 * 86'400;
  EXPECT_EQ(SSL_CTX_get_timeout(context(keys_)->native()), 7 * 86'400);
}

TEST_P(TicketKeysTest, AGarbledTicketIsAFullHandshake) {
  const auto server = context(keys_);
  const SessionHandle session = session_of(*server);
  unsigned char* octets = nullptr;
  const int count = i2d_SSL_SESSION(session.get(), &octets);
  std::string encoded(reinterpret_cast<char*>(octets), static_cast<std::size_t>(count));
  OPENSSL_free(octets);
  const std::string name(reinterpret_cast<const char*>(keys_->all()->front().name.data()), 16);
  const std::size_t at = encoded.find(name);
  ASSERT_NE(at, std::string::npos);
  encoded[at + 60] = static_cast<char>(encoded[at + 60] ^ 1);  // in the ciphertext, behind name and IV
  const auto* begin = reinterpret_cast<const unsigned char*>(encoded.data());
  SessionHandle garbled(d2i_SSL_SESSION(nullptr, &begin, count));
  ASSERT_TRUE(garbled);
  EXPECT_FALSE(resumes(*server, garbled));
}

INSTANTIATE_TEST_SUITE_P(Versions, TicketKeysTest, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& version) { return version.param == TLS1_2_VERSION ? "Tls12" : "Tls13"; });

class TicketKeyFilesTest : public TicketKeysTest {};

TEST_P(TicketKeyFilesTest, TheLayoutIsThatOfNginx) {
  std::string long_form, short_form;
  for (int i = 0; i < 80; ++i) long_form += static_cast<char>(i);
  short_form = long_form.substr(0, 48);
  const auto keys = test::require(TicketKeys::from_files(
      {files_.write("long", long_form), files_.write("short", short_form)}, KeyPermissions::refuse, warnings_));
  const auto& first = keys->all()->at(0);
  const auto& second = keys->all()->at(1);
  EXPECT_EQ((std::array{first.name[0], first.hmac[0], first.aes[0]}), (std::array<std::uint8_t, 3>{0, 16, 48}));
  EXPECT_EQ((std::array{second.name[0], second.aes[0], second.hmac[0]}), (std::array<std::uint8_t, 3>{0, 16, 32}));
  EXPECT_FALSE(first.short_form);
  EXPECT_TRUE(second.short_form);
}

TEST_P(TicketKeyFilesTest, BadFilesAreRefusedByName) {
  EXPECT_THAT(refusal({files_.path("none")}), AllOf(HasSubstr("none"), HasSubstr("No such file")));
  for (const std::size_t octets : {0, 47, 49, 64, 79, 81, 4096}) {
    EXPECT_THAT(refusal({key_file("odd", octets, 'x')}),
                AllOf(HasSubstr(fmt::format("odd has {} octets", octets)), HasSubstr("openssl rand")));
  }
  EXPECT_THAT(refusal(std::vector<std::string>(17, key_file("good", 80, 'x'))), HasSubstr("more than 16"));
  EXPECT_THAT(refusal({}), HasSubstr("no session ticket key"));
}

TEST_P(TicketKeyFilesTest, EverybodysFileIsRefusedOrWarnedOf) {
  const std::string file = key_file("open", 80, 'x');
  ::chmod(file.c_str(), 0644);
  EXPECT_THAT(refusal({file}), HasSubstr("chmod 600 " + file));
  EXPECT_THAT(warnings_, IsEmpty());
  EXPECT_EQ(refusal({file}, KeyPermissions::warn), "accepted");
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("chmod 600 " + file)));
  ::chmod(file.c_str(), 0640);
  EXPECT_EQ(refusal({file}), "accepted") << "the group may read it";
}

INSTANTIATE_TEST_SUITE_P(Files, TicketKeyFilesTest, ::testing::Values(TLS1_3_VERSION));

}  // namespace
}  // namespace transom::tls
