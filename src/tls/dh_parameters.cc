#include "tls/dh_parameters.h"

#include "tls/openssl_error.h"
#include "tls/pem_file.h"

namespace transom::tls {
namespace {

constexpr int min_bits = 2048;
constexpr int max_bits = 8192;  // more is only a way to be kept busy

Result<KeyHandle> from_file(const std::string& file, std::vector<std::string>& warnings) {
  const auto pem = read_pem_file(file, "dhparam");
  if (!pem) return tl::make_unexpected(pem.error());
  auto parameters = parse_dh_parameters(*pem, file);
  if (!parameters) return parameters;
  const int bits = EVP_PKEY_get_bits(parameters->get());
  if (bits >= min_bits && bits <= max_bits) return parameters;
  warnings.push_back(fmt::format(
      "dhparam {}: {} bits are {}; the file is ignored and no DHE suite is offered (write \"dhparam\": \"auto\", or "
      "make better ones with: openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048 -out {})",
      file, bits, bits < min_bits ? "too few to be safe" : "more than any client accepts", shell_word(file)));
  return KeyHandle();
}

}  // namespace

Result<KeyHandle> named_dh_group(const char* name) {
  const ErrorScope errors;
  const std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>> maker(
      EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr));
  EVP_PKEY* made = nullptr;
  if (!maker || EVP_PKEY_paramgen_init(maker.get()) != 1 || EVP_PKEY_CTX_set_group_name(maker.get(), name) != 1 ||
      EVP_PKEY_paramgen(maker.get(), &made) != 1) {
    return fail("this OpenSSL does not have the group {}: {}", name, openssl_reason());
  }
  return KeyHandle(made);
}

Result<KeyHandle> choose_dh_parameters(const ServerConfig& config, int rsa_bits, std::vector<std::string>& warnings) {
  if (!config.dhparam_file.empty()) return from_file(config.dhparam_file, warnings);
  if (!config.dhparam_auto) return KeyHandle();
  if (rsa_bits >= 4096 || config.profile == Profile::strict) return named_dh_group("ffdhe4096");
  return named_dh_group(rsa_bits >= 3072 ? "ffdhe3072" : "ffdhe2048");
}

}  // namespace transom::tls
