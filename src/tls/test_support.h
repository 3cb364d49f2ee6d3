// For tests and fuzzers only: certificates made on the spot, and a client to talk to a Stream through memory.
#pragma once
#include <openssl/dh.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "tls/certificate_builder.h"
#include "tls/certificate_info.h"
#include "tls/context.h"
#include "tls/stream.h"

namespace transom::tls::test {

/// A directory of its own that goes with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "transom_tls_XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::string write(const std::string& name, const std::string& content) const {
    const std::string path = path_ + "/" + name;
    std::ofstream(path, std::ios::binary) << content;
    std::filesystem::permissions(path, std::filesystem::perms(0600));
    return path;
  }
  std::string path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// A certificate with its key, in both forms.
struct Identity {
  CertificateHandle certificate;
  KeyHandle key;
  std::string certificate_text;
  std::string key_text;
};

template <typename T>
T require(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

/// Certificates are valid between these unless a test says otherwise.
inline constexpr std::int64_t epoch_2020 = 1577836800;
inline constexpr std::int64_t epoch_2100 = 4102444800;

using Extensions = std::vector<std::pair<int, std::string>>;

inline Extensions server_extensions(const std::string& names) {
  return {{NID_basic_constraints, "critical,CA:FALSE"},
          {NID_key_usage, "critical,digitalSignature,keyEncipherment"},
          {NID_ext_key_usage, "serverAuth"},
          {NID_subject_alt_name, names}};
}

inline Extensions authority_extensions() {
  return {{NID_basic_constraints, "critical,CA:TRUE"}, {NID_key_usage, "critical,keyCertSign,cRLSign"}};
}

inline Identity issue(const std::string& name, KeyHandle key, const Extensions& extensions, const Identity* issuer,
                      std::int64_t not_before = epoch_2020, std::int64_t not_after = epoch_2100) {
  Identity made;
  made.key = std::move(key);
  made.certificate = require(make_certificate({name, not_before, not_after, extensions}, made.key.get(),
                                              issuer == nullptr ? nullptr : issuer->certificate.get(),
                                              issuer == nullptr ? made.key.get() : issuer->key.get()));
  made.certificate_text = require(certificate_pem(made.certificate.get()));
  made.key_text = require(private_key_pem(made.key.get()));
  return made;
}

inline KeyHandle ec_key() { return require(make_ec_key("P-256")); }

/// PEM; of 2048 bits ffdhe2048, of others made on the spot, so few of them.
inline std::string dh_parameters(int bits) {
  const std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>> maker(
      EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr));
  EVP_PKEY_paramgen_init(maker.get());
  OSSL_PARAM group[] = {OSSL_PARAM_construct_utf8_string("group", const_cast<char*>("ffdhe2048"), 0),
                        OSSL_PARAM_construct_end()};
  if (bits == 2048) {
    EVP_PKEY_CTX_set_params(maker.get(), group);
  } else {
    EVP_PKEY_CTX_set_dh_paramgen_prime_len(maker.get(), bits);
  }
  EVP_PKEY* parameters = nullptr;
  EVP_PKEY_paramgen(maker.get(), &parameters);
  const KeyHandle owner(parameters);
  const BioHandle out(BIO_new(BIO_s_mem()));
  PEM_write_bio_Parameters(out.get(), parameters);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}
inline KeyHandle rsa_key(unsigned int bits) { return KeyHandle(EVP_RSA_gen(bits)); }

/// A self-signed certificate for localhost.
inline Identity self_signed(KeyHandle key) {
  return issue("localhost", std::move(key), server_extensions("DNS:localhost,IP:127.0.0.1,IP:::1"), nullptr);
}

/// An SSL of the other side over two memory BIOs.
class RawClient {
 public:
  explicit RawClient(SSL_CTX* context) : ssl_(SSL_new(context)) {
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
  }
  SSL* ssl() { return ssl_.get(); }
  bool handshake() { return SSL_do_handshake(ssl_.get()) == 1; }

  /// What it wants to send.
  std::string take() {
    char* data = nullptr;
    BIO* bio = SSL_get_wbio(ssl_.get());
    const long size = BIO_get_mem_data(bio, &data);
    std::string taken(data, static_cast<std::size_t>(size));
    (void)BIO_reset(bio);
    return taken;
  }
  void give(ByteSpan octets) {
    if (!octets.empty()) BIO_write(SSL_get_rbio(ssl_.get()), octets.data(), static_cast<int>(octets.size()));
  }
  /// All plaintext there is.
  std::string read() {
    std::string all;
    char block[16384];
    for (std::size_t count = 0; SSL_read_ex(ssl_.get(), block, sizeof block, &count) == 1;) all.append(block, count);
    return all;
  }

 private:
  ConnectionHandle ssl_;
};

}  // namespace transom::tls::test
