#include "pki/authority_crl.h"

#include <openssl/pem.h>

#include <algorithm>

#include "tls/certificate_info.h"
#include "tls/openssl_error.h"

namespace transom::pki {
namespace {

using tls::FreeWith;
using IntegerHandle = std::unique_ptr<ASN1_INTEGER, FreeWith<ASN1_INTEGER_free>>;
using EnumeratedHandle = std::unique_ptr<ASN1_ENUMERATED, FreeWith<ASN1_ENUMERATED_free>>;
using TimeHandle = std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>>;
using RevokedHandle = std::unique_ptr<X509_REVOKED, FreeWith<X509_REVOKED_free>>;
using NumberHandle = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;

struct Reason {
  const char* word;
  int code;
};
constexpr Reason kReasons[] = {{"unspecified", CRL_REASON_UNSPECIFIED},
                               {"keyCompromise", CRL_REASON_KEY_COMPROMISE},
                               {"affiliationChanged", CRL_REASON_AFFILIATION_CHANGED},
                               {"superseded", CRL_REASON_SUPERSEDED},
                               {"cessationOfOperation", CRL_REASON_CESSATION_OF_OPERATION},
                               {"privilegeWithdrawn", CRL_REASON_PRIVILEGE_WITHDRAWN}};

TimeHandle time_of(std::int64_t seconds) { return TimeHandle(ASN1_TIME_set(nullptr, static_cast<time_t>(seconds))); }

/// "unspecified" is said by saying nothing (RFC 5280, 5.3.1).
bool set_reason(X509_REVOKED* entry, int code) {
  if (code == CRL_REASON_UNSPECIFIED) return true;
  const EnumeratedHandle reason(ASN1_ENUMERATED_new());
  return reason && ASN1_ENUMERATED_set(reason.get(), code) == 1 &&
         X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason.get(), 0, 0) == 1;
}

bool add_entry(X509_CRL* crl, const Revocation& revocation) {
  BIGNUM* parsed = nullptr;
  if (BN_hex2bn(&parsed, revocation.serial.c_str()) == 0) return false;
  const NumberHandle number(parsed);
  const IntegerHandle serial(BN_to_ASN1_INTEGER(number.get(), nullptr));
  const TimeHandle when = time_of(revocation.when);
  RevokedHandle entry(X509_REVOKED_new());
  const bool filled = serial && when && entry && X509_REVOKED_set_serialNumber(entry.get(), serial.get()) == 1 &&
                      X509_REVOKED_set_revocationDate(entry.get(), when.get()) == 1 &&
                      set_reason(entry.get(), std::max(reason_code(revocation.reason), 0));
  if (!filled || X509_CRL_add0_revoked(crl, entry.get()) != 1) return false;
  entry.release();
  return true;
}

bool set_times(X509_CRL* crl, const CrlPlan& plan) {
  const TimeHandle last = time_of(plan.this_update), next = time_of(plan.next_update);
  return last && next && X509_CRL_set1_lastUpdate(crl, last.get()) == 1 &&
         X509_CRL_set1_nextUpdate(crl, next.get()) == 1;
}

bool set_identity(X509_CRL* crl, X509* issuer, std::int64_t number_of_list) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, nullptr, nullptr, crl, 0);
  const tls::ExtensionHandle key(X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"));
  const IntegerHandle number(ASN1_INTEGER_new());
  return key && number && X509_CRL_add_ext(crl, key.get(), -1) == 1 &&
         ASN1_INTEGER_set_int64(number.get(), number_of_list) == 1 &&
         X509_CRL_add1_ext_i2d(crl, NID_crl_number, number.get(), 0, 0) == 1;
}

const EVP_MD* digest_for(EVP_PKEY* key) { return EVP_PKEY_get_bits(key) == 384 ? EVP_sha384() : EVP_sha256(); }

tls::CrlHandle read_crl(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  return tls::CrlHandle(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
}

}  // namespace

const std::vector<std::string>& revocation_reasons() {
  static const std::vector<std::string> words = [] {
    std::vector<std::string> all;
    for (const Reason& reason : kReasons) all.emplace_back(reason.word);
    return all;
  }();
  return words;
}

int reason_code(std::string_view reason) {
  for (const Reason& known : kReasons) {
    if (reason == known.word) return known.code;
  }
  return -1;
}

Result<tls::CrlHandle> make_crl(const SigningPair& issuer, std::span<const Revocation> revocations,
                                const CrlPlan& plan) {
  const tls::ErrorScope errors;
  tls::CrlHandle crl(X509_CRL_new());
  bool done = crl && X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2) == 1 &&
              X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(issuer.certificate.get())) == 1 &&
              set_times(crl.get(), plan) && set_identity(crl.get(), issuer.certificate.get(), plan.number);
  for (const Revocation& revocation : revocations) done = done && add_entry(crl.get(), revocation);
  done = done && X509_CRL_sort(crl.get()) == 1 &&
         X509_CRL_sign(crl.get(), issuer.key.get(), digest_for(issuer.key.get())) > 0;
  if (!done) return fail("cannot make the revocation list: {}", tls::openssl_reason());
  return crl;
}

std::int64_t crl_number(const std::string& der) {
  const tls::ErrorScope errors;
  const tls::CrlHandle crl = read_crl(der);
  if (!crl) return 0;
  const IntegerHandle number(
      static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(crl.get(), NID_crl_number, nullptr, nullptr)));
  std::int64_t value = 0;
  return number && ASN1_INTEGER_get_int64(&value, number.get()) == 1 ? value : 0;
}

std::int64_t crl_next_update(const std::string& der) {
  const tls::CrlHandle crl = read_crl(der);
  const ASN1_TIME* next = crl ? X509_CRL_get0_nextUpdate(crl.get()) : nullptr;
  return next != nullptr ? tls::seconds_of(next) : 0;
}

Result<std::string> crl_pem(const std::string& der) {
  const tls::ErrorScope errors;
  const tls::CrlHandle crl = read_crl(der);
  const tls::BioHandle out(BIO_new(BIO_s_mem()));
  if (!crl || !out || PEM_write_bio_X509_CRL(out.get(), crl.get()) != 1) return fail("the revocation list is damaged");
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

Result<std::string> crl_der(X509_CRL* crl) {
  unsigned char* octets = nullptr;
  const int length = i2d_X509_CRL(crl, &octets);
  if (length <= 0) return fail("cannot write the revocation list");
  std::string der(reinterpret_cast<char*>(octets), static_cast<std::size_t>(length));
  OPENSSL_free(octets);
  return der;
}

}  // namespace transom::pki
