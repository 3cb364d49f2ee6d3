#include "pki/pkcs12_cost.h"

#include <gtest/gtest.h>

#include "pki/authority_testing.h"
#include "pki/objects.h"

namespace transom::pki {
namespace {

constexpr int kRounds = 65'537;
const std::string kPassphrase = "secret";

using StoreHandle = std::unique_ptr<PKCS12, tls::FreeWith<PKCS12_free>>;

std::string der_of(PKCS12* store) {
  unsigned char* octets = nullptr;
  const int length = i2d_PKCS12(store, &octets);
  std::string der(reinterpret_cast<char*>(octets), static_cast<std::size_t>(std::max(0, length)));
  OPENSSL_free(octets);
  return der;
}

/// A key and a certificate, each under `kRounds` of its own.
std::string small_store() {
  const auto& pair = test::limited().intermediate;
  const StoreHandle store(
      PKCS12_create(kPassphrase.c_str(), "name", pair.key.get(), pair.certificate.get(), nullptr, 0, 0, kRounds, 1, 0));
  return der_of(store.get());
}

/// As if it had been made with nearly 8.4 million rounds for each of the first `count`; its seal fits again.
std::string costly_store(int count) {
  std::string der = small_store();
  std::size_t at = 0;
  for (int i = 0; i < count; ++i) {
    at = der.find(std::string("\x02\x03\x01\x00\x01", 5), at);
    if (at == std::string::npos) return "";
    der.replace(at, 5, "\x02\x03\x7f\xff\xff");
  }
  const auto* from = reinterpret_cast<const unsigned char*>(der.data());
  const StoreHandle store(d2i_PKCS12(nullptr, &from, static_cast<long>(der.size())));
  PKCS12_set_mac(store.get(), kPassphrase.c_str(), -1, nullptr, 0, 1, EVP_sha256());
  return der_of(store.get());
}

TEST(Pkcs12Cost, WhatPeopleHaveIsAffordable) {
  const auto found = read_objects(small_store(), "a.p12", kPassphrase);
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_EQ(found->size(), 2U);
  EXPECT_TRUE(read_objects(small_store(), "a.p12", "").has_value()) << "a closed one";
}

TEST(Pkcs12Cost, AllRoundsTogetherAreLimited) {
  ASSERT_NE(costly_store(2), "");
  EXPECT_TRUE(read_objects(costly_store(1), "a.p12", "").has_value());
  EXPECT_FALSE(read_objects(costly_store(2), "a.p12", "").has_value());
}

}  // namespace
}  // namespace transom::pki
