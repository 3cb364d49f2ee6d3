#include "tls/ocsp_staples.h"

#include <gtest/gtest.h>

#include <ctime>

#include "tls/test_support.h"

namespace transom::tls {
namespace {

using test::Identity;

/// A server with an ECDSA and an RSA certificate, each with a slot, and clients that ask for staples.
class StaplesTest : public ::testing::Test {
 protected:
  StaplesTest() {
    for (const auto& [identity, slot] : {std::pair(&ecdsa_, ecdsa_slot_), std::pair(&rsa_, rsa_slot_)}) {
      SSL_CTX_use_certificate(server_.get(), identity->certificate.get());
      SSL_CTX_use_PrivateKey(server_.get(), identity->key.get());
      attach_staple(identity->certificate.get(), slot);
    }
    use_staples(server_.get());
  }

  /// What a client is sent that prefers `signatures`; "" without a staple.
  std::string stapled(const char* signatures, bool asks = true, int version = TLS1_3_VERSION) {
    const ContextHandle context(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_max_proto_version(context.get(), version);
    SSL_CTX_set1_sigalgs_list(context.get(), signatures);
    if (asks) SSL_CTX_set_tlsext_status_type(context.get(), TLSEXT_STATUSTYPE_ocsp);
    test::RawClient client(context.get());
    const ConnectionHandle server(SSL_new(server_.get()));
    SSL_set_bio(server.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(server.get());
    for (int round = 0; round < 4 && !client.handshake(); ++round) {
      const std::string flight = client.take();
      BIO_write(SSL_get_rbio(server.get()), flight.data(), static_cast<int>(flight.size()));
      SSL_do_handshake(server.get());
      char* data = nullptr;
      const long size = BIO_get_mem_data(SSL_get_wbio(server.get()), &data);
      client.give(as_bytes(std::string_view(data, static_cast<std::size_t>(size))));
      (void)BIO_reset(SSL_get_wbio(server.get()));
    }
    EXPECT_TRUE(SSL_is_init_finished(client.ssl()));
    const unsigned char* response = nullptr;
    const long length = SSL_get_tlsext_status_ocsp_resp(client.ssl(), &response);
    return length <= 0 ? "" : std::string(reinterpret_cast<const char*>(response), static_cast<std::size_t>(length));
  }
  static void put(StapleSlot& slot, const std::string& der, std::int64_t lasts_s) {
    slot.set(std::make_shared<const Staple>(Staple{der, std::time(nullptr) + lasts_s}));
  }

  /// Made once, for it takes long.
  static KeyHandle shared_rsa_key() {
    static const KeyHandle key = test::rsa_key(2048);
    EVP_PKEY_up_ref(key.get());
    return KeyHandle(key.get());
  }

  Identity ecdsa_ = test::self_signed(test::ec_key());
  Identity rsa_ = test::self_signed(shared_rsa_key());
  std::shared_ptr<StapleSlot> ecdsa_slot_ = std::make_shared<StapleSlot>();
  std::shared_ptr<StapleSlot> rsa_slot_ = std::make_shared<StapleSlot>();
  ContextHandle server_{SSL_CTX_new(TLS_server_method())};
};

TEST_F(StaplesTest, TheStapleIsThatOfTheChosenCertificate) {
  put(*ecdsa_slot_, "for ecdsa", 60);
  put(*rsa_slot_, "for rsa", 60);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_EQ(stapled("ECDSA+SHA256", true, version), "for ecdsa");
    EXPECT_EQ(stapled("rsa_pss_rsae_sha256:RSA+SHA256", true, version), "for rsa");
  }
}

TEST_F(StaplesTest, NoneWhereNobodyAsksOrThereIsNone) {
  put(*ecdsa_slot_, "for ecdsa", 60);
  EXPECT_EQ(stapled("ECDSA+SHA256", false), "");
  EXPECT_EQ(stapled("rsa_pss_rsae_sha256:RSA+SHA256"), "");
}

TEST_F(StaplesTest, NeverAnExpiredOne) {
  put(*ecdsa_slot_, "for ecdsa", -1);
  EXPECT_EQ(stapled("ECDSA+SHA256"), "");
  put(*ecdsa_slot_, "fresh", 60);
  EXPECT_EQ(stapled("ECDSA+SHA256"), "fresh");
}

TEST_F(StaplesTest, TheCertificateKeepsItsSlot) {
  put(*ecdsa_slot_, "for ecdsa", 60);
  const std::weak_ptr<StapleSlot> watched = ecdsa_slot_;
  ecdsa_slot_ = nullptr;
  EXPECT_EQ(stapled("ECDSA+SHA256"), "for ecdsa");
  ecdsa_.certificate = nullptr;
  EXPECT_FALSE(watched.expired());
  server_ = nullptr;
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace transom::tls
