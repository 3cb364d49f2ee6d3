#include "tls/certificate_info.h"

#include <arpa/inet.h>
#include <openssl/ec.h>

#include "tls/openssl_error.h"
#include "tls/pem_file.h"

namespace transom::tls {
namespace {

void add_names(X509* certificate, CertificateInfo& info) {
  const NamesHandle names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) {
      info.dns_names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                                  static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      info.ip_addresses.push_back(address_text(name->d.iPAddress));
    }
  }
}

}  // namespace

std::string name_text(const X509_NAME* name) {
  const BioHandle out(BIO_new(BIO_s_mem()));
  if (!out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0) return "?";
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

std::string fingerprint(const X509* certificate, const EVP_MD* digest) {
  unsigned char octets[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  if (X509_digest(certificate, digest, octets, &length) != 1) return "";
  std::string text;
  for (unsigned int i = 0; i < length; ++i) text += fmt::format("{}{:02X}", i == 0 ? "" : ":", octets[i]);
  return text;
}

std::string address_text(const ASN1_OCTET_STRING* address) {
  char text[INET6_ADDRSTRLEN] = "";
  const int length = ASN1_STRING_length(address);
  if (length != 4 && length != 16) return "";
  inet_ntop(length == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address), text, sizeof text);
  return text;
}

std::string subject_name(X509* certificate) { return name_text(X509_get_subject_name(certificate)); }

std::string describe_key(EVP_PKEY* key) {
  if (key == nullptr) return "unknown";
  if (!EVP_PKEY_is_a(key, "EC")) {
    const char* type = EVP_PKEY_get0_type_name(key);
    const std::string name = type == nullptr ? "unknown" : type;
    return name.starts_with("ED") ? name : fmt::format("{} {}", name, EVP_PKEY_get_bits(key));
  }
  char group[80] = "";
  EVP_PKEY_get_group_name(key, group, sizeof group, nullptr);
  const char* usual = EC_curve_nid2nist(OBJ_txt2nid(group));
  return fmt::format("ECDSA {}", usual == nullptr ? group : usual);
}

std::int64_t seconds_of(const ASN1_TIME* time) {
  const std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>> epoch(ASN1_TIME_set(nullptr, 0));
  int days = 0;
  int seconds = 0;
  if (!epoch || ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1) return 0;
  return std::int64_t{days} * 86400 + seconds;
}

Result<CertificateInfo> certificate_info(X509* certificate) {
  const ErrorScope errors;
  CertificateInfo info;
  info.subject = subject_name(certificate);
  info.issuer = name_text(X509_get_issuer_name(certificate));
  info.not_before = seconds_of(X509_get0_notBefore(certificate));
  info.not_after = seconds_of(X509_get0_notAfter(certificate));
  info.key = describe_key(X509_get0_pubkey(certificate));
  info.sha256_fingerprint = fingerprint(certificate, EVP_sha256());
  add_names(certificate, info);
  return info;
}

Result<CertificateInfo> certificate_info(const std::string& pem) {
  const auto certificates = parse_certificates(pem, "the certificate");
  if (!certificates) return tl::make_unexpected(certificates.error());
  return certificate_info(certificates->front().certificate.get());
}

}  // namespace transom::tls
