#include "grade/suites.h"

#include <fmt/format.h>

#include <algorithm>

namespace transom::grade {
namespace {

constexpr Ssl2Suite kSsl2Suites[] = {
    {0x010080, "SSL_CK_RC4_128_WITH_MD5", 128},          {0x020080, "SSL_CK_RC4_128_EXPORT40_WITH_MD5", 40},
    {0x030080, "SSL_CK_RC2_128_CBC_WITH_MD5", 128},      {0x040080, "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5", 40},
    {0x050080, "SSL_CK_IDEA_128_CBC_WITH_MD5", 128},     {0x060040, "SSL_CK_DES_64_CBC_WITH_MD5", 56},
    {0x0700C0, "SSL_CK_DES_192_EDE3_CBC_WITH_MD5", 112},
};

struct CipherWord {
  std::string_view word;
  int bits;
};
/// The first that occurs decides.
constexpr CipherWord kCipherWords[] = {
    {"NULL", 0},     {"_40_", 40},      {"DES40", 40},  {"_56_", 56},   {"3DES", 112},
    {"DES_CBC", 56}, {"IDEA", 128},     {"SEED", 128},  {"SM4", 128},   {"_128_", 128},
    {"_256_", 256},  {"CHACHA20", 256}, {"28147", 256}, {"MAGMA", 256}, {"KUZNYECHIK", 256},
};

const Suite* find_suite(std::uint16_t number) {
  const auto suites = all_suites();
  const auto found = std::lower_bound(suites.begin(), suites.end(), number,
                                      [](const Suite& suite, std::uint16_t wanted) { return suite.number < wanted; });
  return found != suites.end() && found->number == number ? &*found : nullptr;
}

bool has(std::string_view text, std::string_view word) { return text.find(word) != std::string_view::npos; }

int cipher_bits(std::string_view cipher) {
  for (const CipherWord& known : kCipherWords) {
    if (has(cipher, known.word)) return known.bits;
  }
  return 0;  // TLS_SHA256_SHA256: integrity without encryption
}

SuiteAuth auth_of(std::string_view exchange) {
  if (has(exchange, "anon")) return SuiteAuth::none;
  if (has(exchange, "ECDSA")) return SuiteAuth::ecdsa;
  if (has(exchange, "RSA")) return SuiteAuth::rsa;
  return has(exchange, "DSS") ? SuiteAuth::dss : SuiteAuth::other;
}

void read_cipher(std::string_view cipher, SuiteTraits& traits) {
  traits.bits = cipher_bits(cipher);
  traits.aead = has(cipher, "_GCM") || has(cipher, "_CCM") || has(cipher, "POLY1305");
  traits.rc4 = has(cipher, "RC4");
  traits.cbc = has(cipher, "_CBC");
  traits.block64 = has(cipher, "DES") || has(cipher, "IDEA") || has(cipher, "RC2");
}

void read_exchange(std::string_view exchange, SuiteTraits& traits) {
  traits.auth = auth_of(exchange);
  traits.anonymous = traits.auth == SuiteAuth::none;
  traits.export_grade = has(exchange, "EXPORT");
  traits.ecdhe = has(exchange, "ECDHE") || has(exchange, "ECDH_anon");
  traits.dhe = !traits.ecdhe && (has(exchange, "DHE") || has(exchange, "DH_anon"));
  traits.forward_secret = !traits.anonymous && (traits.ecdhe || traits.dhe);
}

}  // namespace

std::span<const Ssl2Suite> ssl2_suites() { return kSsl2Suites; }

std::string suite_name(std::uint16_t number) {
  const Suite* suite = find_suite(number);
  return suite != nullptr ? std::string(suite->name) : fmt::format("0x{:04X}", number);
}

SuiteTraits suite_traits(std::uint16_t number) {
  SuiteTraits traits;
  const Suite* suite = find_suite(number);
  if (suite == nullptr) {
    traits.bits = 128;
    return traits;
  }
  const std::size_t with = suite->name.find("_WITH_");
  traits.tls13 = with == std::string_view::npos;
  read_cipher(traits.tls13 ? suite->name : suite->name.substr(with + 5), traits);
  if (traits.tls13) {
    traits.forward_secret = true;
  } else {
    read_exchange(suite->name.substr(0, with), traits);
    traits.tls12_only = traits.aead || has(suite->name, "SHA256") || has(suite->name, "SHA384");
  }
  return traits;
}

bool suite_fits(const SuiteTraits& traits, Version version) {
  if (traits.tls13 || version == Version::tls1_3) return traits.tls13 && version == Version::tls1_3;
  return version != Version::ssl2 && (!traits.tls12_only || version == Version::tls1_2);
}

}  // namespace transom::grade
