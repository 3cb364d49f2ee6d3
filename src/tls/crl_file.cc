#include "tls/crl_file.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "tls/certificate_info.h"
#include "tls/openssl_error.h"
#include "tls/pem_file.h"

namespace transom::tls {
namespace {

constexpr std::size_t max_crl_octets = 16 << 20;  // those of large authorities have some 100,000 entries
constexpr std::size_t max_crls = 64;

BioHandle memory_bio(const std::string& octets) {
  return BioHandle(BIO_new_mem_buf(octets.data(), static_cast<int>(octets.size())));
}

bool only_end_of_file() {
  const unsigned long error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

tl::unexpected<Error> no_crl(const std::string& file) {
  return fail(
      "{} holds no revocation list, in PEM (-----BEGIN X509 CRL-----) or DER; look at it with: openssl crl -in {} "
      "-noout -text",
      file, shell_word(file));
}

Result<std::vector<LoadedCrl>> parse_pem(const std::string& octets, const std::string& file) {
  const BioHandle source = memory_bio(octets);
  std::vector<LoadedCrl> found;
  while (X509_CRL* crl = PEM_read_bio_X509_CRL(source.get(), nullptr, nullptr, nullptr)) {
    found.push_back({CrlHandle(crl), file});
    if (found.size() > max_crls) return fail("{} holds more than {} revocation lists", file, max_crls);
  }
  if (!only_end_of_file()) {
    return fail("revocation list number {} of {} is damaged ({}); fetch it again from its CA", found.size() + 1, file,
                openssl_reason());
  }
  if (ends_within_block(octets)) return torn(file);
  if (found.empty()) return no_crl(file);
  return found;
}

Result<std::vector<LoadedCrl>> parse_der(const std::string& octets, const std::string& file) {
  const auto* at = reinterpret_cast<const unsigned char*>(octets.data());
  CrlHandle crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(octets.size())));
  if (!crl) return no_crl(file);
  std::vector<LoadedCrl> found;
  found.push_back({std::move(crl), file});
  return found;
}

}  // namespace

std::string LoadedCrl::issuer() const { return name_text(X509_CRL_get_issuer(crl.get())); }

Result<std::vector<LoadedCrl>> load_crls(const std::string& file) {
  const auto octets = read_pem_file(file, "revocation list", max_crl_octets);
  if (!octets) return tl::make_unexpected(octets.error());
  const ErrorScope errors;
  return octets->find("-----BEGIN ") != std::string::npos ? parse_pem(*octets, file) : parse_der(*octets, file);
}

}  // namespace transom::tls
