#include "pki/keys.h"

#include <openssl/decoder.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <cstring>

#include "tls/certificate_builder.h"
#include "tls/openssl_error.h"

namespace transom::pki {
namespace {

using tls::FreeWith;
using DecoderHandle = std::unique_ptr<OSSL_DECODER_CTX, FreeWith<OSSL_DECODER_CTX_free>>;
using Pkcs8Handle = std::unique_ptr<PKCS8_PRIV_KEY_INFO, FreeWith<PKCS8_PRIV_KEY_INFO_free>>;
using AlgorithmHandle = std::unique_ptr<X509_ALGOR, FreeWith<X509_ALGOR_free>>;
using SealedHandle = std::unique_ptr<X509_SIG, FreeWith<X509_SIG_free>>;

constexpr int kRounds = 600'000;
constexpr std::size_t kMaxPassphrase = 1024;

/// What OpenSSL asks a passphrase of.
struct Asked {
  const std::string* passphrase;
  bool asked = false;
};

int give_passphrase(char* into, int room, int, void* user) {
  auto* asked = static_cast<Asked*>(user);
  asked->asked = true;
  const std::string& text = *asked->passphrase;
  if (text.empty() || text.size() > static_cast<std::size_t>(room)) return -1;
  std::memcpy(into, text.data(), text.size());
  return static_cast<int>(text.size());
}

tls::KeyHandle decode(const std::string& content, Asked& asked) {
  const tls::ErrorScope errors;
  EVP_PKEY* key = nullptr;
  const DecoderHandle decoder(
      OSSL_DECODER_CTX_new_for_pkey(&key, nullptr, nullptr, nullptr, EVP_PKEY_KEYPAIR, nullptr, nullptr));
  if (!decoder) return nullptr;
  OSSL_DECODER_CTX_set_pem_password_cb(decoder.get(), give_passphrase, &asked);
  const auto* at = reinterpret_cast<const unsigned char*>(content.data());
  std::size_t left = content.size();
  OSSL_DECODER_from_data(decoder.get(), &at, &left);
  return tls::KeyHandle(key);
}

Result<std::string> sealed_pem(EVP_PKEY* key, std::string_view passphrase) {
  const Pkcs8Handle plain(EVP_PKEY2PKCS8(key));
  AlgorithmHandle algorithm(PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), kRounds, nullptr, 0, nullptr, NID_hmacWithSHA256));
  if (!plain || !algorithm) return fail("cannot encrypt the key: {}", tls::openssl_reason());
  const SealedHandle sealed(
      PKCS8_set0_pbe(passphrase.data(), static_cast<int>(passphrase.size()), plain.get(), algorithm.get()));
  if (!sealed) return fail("cannot encrypt the key: {}", tls::openssl_reason());
  algorithm.release();  // it is a part of `sealed` now
  const tls::BioHandle out(BIO_new(BIO_s_mem()));
  if (!out || PEM_write_bio_PKCS8(out.get(), sealed.get()) != 1) {
    return fail("cannot write the key: {}", tls::openssl_reason());
  }
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

}  // namespace

Result<tls::KeyHandle> make_key(const KeyKind& kind) {
  const tls::ErrorScope errors;
  if (kind.algorithm == KeyKind::Algorithm::ec_p256) return tls::make_ec_key("P-256");
  if (kind.algorithm == KeyKind::Algorithm::ec_p384) return tls::make_ec_key("P-384");
  if (kind.rsa_bits < 2048 || kind.rsa_bits > 8192) {
    return fail("an RSA key of {} bits is not made: below 2048 it is not safe, above 8192 it only costs time",
                kind.rsa_bits);
  }
  tls::KeyHandle key(EVP_RSA_gen(static_cast<unsigned>(kind.rsa_bits)));
  if (!key) return fail("cannot make an RSA key: {}", tls::openssl_reason());
  return key;
}

Result<std::string> key_pem(EVP_PKEY* key, std::string_view passphrase) {
  if (passphrase.empty()) return tls::private_key_pem(key);
  if (passphrase.size() > kMaxPassphrase) return fail("a passphrase has at most {} octets", kMaxPassphrase);
  const tls::ErrorScope errors;
  return sealed_pem(key, passphrase);
}

Result<tls::KeyHandle> read_key(const std::string& content, const std::string& what, const std::string& passphrase) {
  Asked asked{&passphrase};
  if (tls::KeyHandle key = decode(content, asked)) return key;
  if (asked.asked && passphrase.empty()) return fail("{} is encrypted: its passphrase is needed", what);
  if (asked.asked) return fail("{} is encrypted and the passphrase is wrong", what);
  return fail("{} is no private key, or a damaged one", what);
}

bool is_encrypted_key(const std::string& content) {
  const std::string none;
  Asked asked{&none};
  return decode(content, asked) == nullptr && asked.asked;
}

}  // namespace transom::pki
