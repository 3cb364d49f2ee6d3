#include "pki/self_signed.h"

#include "pki/faults.h"
#include "pki/validity.h"
#include "tls/certificate_builder.h"

namespace transom::pki {
namespace {

/// RSA keys also decrypt, for the key exchange of clients that know no other.
const char* key_usage(EVP_PKEY* key) {
  return EVP_PKEY_is_a(key, "RSA") ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature";
}

}  // namespace

Result<tls::CertificateHandle> make_self_signed(const Names& names, EVP_PKEY* key, std::int64_t now, int days) {
  if (!names.emails.empty()) {
    return fail("\"{}\" is a mail address; a server's certificate is for host names and IP addresses",
                names.emails.front());
  }
  const std::string name = common_name(names);
  const Validity valid = validity(now, days * kDaySeconds);
  const tls::CertificateRequest request{name.empty() ? "self-signed" : name,
                                        valid.begin,
                                        valid.end,
                                        {{NID_basic_constraints, "critical,CA:FALSE"},
                                         {NID_key_usage, key_usage(key)},
                                         {NID_ext_key_usage, "serverAuth"},
                                         {NID_subject_alt_name, alternative_names(names)}}};
  return tls::make_certificate(request, key, nullptr, key);
}

}  // namespace transom::pki
