#include "tls/certificate_pair.h"

#include <openssl/err.h>

#include "tls/certificate_doubts.h"
#include "tls/key_file.h"
#include "tls/openssl_error.h"
#include "tls/pem_file.h"
#include "tls/server_names.h"

namespace transom::tls {
namespace {

/// Why OpenSSL refuses a certificate, in words that say what to do.
std::string refusal(X509* certificate) {
  const int reason = ERR_GET_REASON(ERR_peek_error());
  if (reason == SSL_R_EE_KEY_TOO_SMALL || reason == SSL_R_CA_KEY_TOO_SMALL) {
    return fmt::format(
        "its key of {} bits is too short to be safe (RSA needs 2048 bits); make a new one with: openssl req -new "
        "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=HOST -addext subjectAltName=DNS:HOST -keyout "
        "key.pem -out request.pem",
        EVP_PKEY_get_bits(X509_get0_pubkey(certificate)));
  }
  if (reason == SSL_R_CA_MD_TOO_WEAK) {
    return "it is signed with a broken hash (MD5 or SHA-1); have it issued again with SHA-256";
  }
  return openssl_reason();
}

Result<std::vector<LoadedCertificate>> load_pool(const CertificateConfig& config) {
  std::vector<LoadedCertificate> pool;
  std::vector<std::string> files = {config.certificate_file};
  files.insert(files.end(), config.chain_files.begin(), config.chain_files.end());
  for (const std::string& file : files) {
    const auto pem = read_pem_file(file, "certificate");
    if (!pem) return tl::make_unexpected(pem.error());
    auto certificates = parse_certificates(*pem, file);
    if (!certificates) return tl::make_unexpected(certificates.error());
    for (LoadedCertificate& one : *certificates) pool.push_back(std::move(one));
  }
  return pool;
}

/// What clients can ask for and this certificate is good for. The common name counts only without any other, as it
/// does for the few clients that still look at it.
std::vector<std::string> names_of(const CertificateConfig& config, const CertificateInfo& info, X509* leaf) {
  if (!config.server_names.empty()) return config.server_names;
  std::vector<std::string> given = info.dns_names;
  if (given.empty() && info.ip_addresses.empty()) {
    char common[256] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(leaf), NID_commonName, common, sizeof common);
    given.emplace_back(common);
  }
  std::vector<std::string> names;
  for (const std::string& name : given) {
    if (auto canonical = canonical_server_name(name)) names.push_back(std::move(*canonical));
  }
  return names;
}

}  // namespace

Result<CertificatePair> load_pair(const CertificateConfig& config, const KeyRules& rules,
                                  std::vector<std::string>& warnings) {
  CertificatePair pair;
  pair.config = config;
  auto key = load_key(config, rules, warnings);
  if (!key) return tl::make_unexpected(key.error());
  pair.key = std::move(*key);
  auto pool = load_pool(config);
  if (!pool) return tl::make_unexpected(pool.error());
  const ErrorScope errors;
  auto chain = build_chain(std::move(*pool), pair.key.get(), warnings);
  if (!chain) return tl::make_unexpected(chain.error());
  pair.chain = std::move(*chain);
  X509* leaf = pair.chain.leaf.get();
  if (leaf == nullptr) {
    return fail(
        "the key {} does not belong to the certificate {}; these two must print the same: openssl pkey -in {} -pubout "
        "and openssl x509 -in {} -noout -pubkey",
        config.key_file, config.certificate_file, shell_word(config.key_file), shell_word(config.certificate_file));
  }
  auto info = certificate_info(leaf);
  if (!info) return tl::make_unexpected(info.error());
  pair.info = std::move(*info);
  pair.names = names_of(config, pair.info, leaf);
  warn_of_doubts(config, pair.chain, warnings);
  return pair;
}

Status use_pair(SSL_CTX* context, const CertificatePair& pair) {
  const ErrorScope errors;
  X509* leaf = pair.chain.leaf.get();
  if (SSL_CTX_use_certificate(context, leaf) != 1 || SSL_CTX_use_PrivateKey(context, pair.key.get()) != 1) {
    return fail("the certificate {} cannot be used: {}", pair.config.certificate_file, refusal(leaf));
  }
  // OpenSSL adds them to the certificate that was set last.
  SSL_CTX_clear_chain_certs(context);
  for (const LoadedCertificate& one : pair.chain.above) {
    if (SSL_CTX_add1_chain_cert(context, one.certificate.get()) == 1) continue;
    return fail("{}: the certificate \"{}\" cannot be used: {}", one.file, subject_name(one.certificate.get()),
                refusal(one.certificate.get()));
  }
  return {};
}

std::string authentication_kind(EVP_PKEY* key) {
  return EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS") ? "RSA" : "ECDSA";
}

}  // namespace transom::tls
